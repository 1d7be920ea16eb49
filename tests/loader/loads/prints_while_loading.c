/* Floods its standard output while it is loaded. */
#include <stdio.h>

#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  for (int i = 0; i < 20000; ++i) puts("loading, please wait");
  return &plugin;
}
