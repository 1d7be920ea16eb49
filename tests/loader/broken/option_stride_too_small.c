/* The stride of its option table is smaller than an option. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.option_stride = 8;
  return &plugin;
}
