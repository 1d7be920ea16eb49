/* An option's default is outside of its own bounds. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  options[0].default_value.data = "500";
  options[0].default_value.size = 3;
  return &plugin;
}
