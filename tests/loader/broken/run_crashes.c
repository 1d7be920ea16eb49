/* Follows a wild pointer while it runs. */
#include "../sound.h"

static sluice_status run(void* self, sluice_error* error) {
  (void)error;
  *(volatile int*)((char*)self + 16) = 1;
  return SLUICE_OK;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  return &plugin;
}
