/* Made for a major version that does not exist. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.abi_major = 9;
  return &plugin;
}
