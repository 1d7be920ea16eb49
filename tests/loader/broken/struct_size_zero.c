/* Forgot to set struct_size. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.struct_size = 0;
  return &plugin;
}
