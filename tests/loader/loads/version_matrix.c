/* One source, compiled as made for the ABI minor versions 0, 1 and 2 (MATRIX_MINOR); hosts of minor 0, 1 and 2 load it.
 */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.abi_minor = MATRIX_MINOR;
  return &plugin;
}
