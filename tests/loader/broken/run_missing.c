/* A source that cannot run. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = NULL;
  return &plugin;
}
