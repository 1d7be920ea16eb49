/* Its description is longer than that of its version. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.struct_size = sizeof plugin + 8;
  return &plugin;
}
