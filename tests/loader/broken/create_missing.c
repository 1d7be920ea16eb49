/* An instance of it cannot be made. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.create = NULL;
  return &plugin;
}
