/* Its option table has more rows than any can have. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.option_count = (size_t)-1;
  return &plugin;
}
