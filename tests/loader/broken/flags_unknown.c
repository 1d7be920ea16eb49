/* Sets a flag that its version does not have. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.flags = 1U << 20U;
  return &plugin;
}
