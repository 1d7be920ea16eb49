/* An option has a type that does not exist. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  options[0].type = 99;
  return &plugin;
}
