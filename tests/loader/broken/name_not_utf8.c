/* Its name is not text. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.name.data = "caf\xe9";
  plugin.name.size = 4;
  return &plugin;
}
