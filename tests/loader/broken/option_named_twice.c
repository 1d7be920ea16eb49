/* Has two options of one name. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  options[1] = sound_option();
  plugin.option_count = 2;
  return &plugin;
}
