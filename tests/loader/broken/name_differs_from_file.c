/* Calls itself something else than its file. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  plugin.name.data = "someone_else";
  plugin.name.size = 12;
  return &plugin;
}
