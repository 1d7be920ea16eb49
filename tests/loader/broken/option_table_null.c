/* Its option table has a row, but no place. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.options = NULL;
  return &plugin;
}
