/* Is neither a source nor a consumer. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.kind = 7;
  return &plugin;
}
