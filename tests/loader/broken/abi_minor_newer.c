/* Made for a host that is newer than this one. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.abi_minor = SLUICE_ABI_MINOR + 1;
  return &plugin;
}
