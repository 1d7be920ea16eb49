/* Its stream has a message, but it carries no descriptor set. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.descriptor_set.size = 0;
  return &plugin;
}
