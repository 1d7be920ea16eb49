/* Says that it is a source and brings no callbacks. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.source = NULL;
  return &plugin;
}
