/* Has no name. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.name.size = 0;
  return &plugin;
}
