/* Fails and says nothing. */
#include "../sound.h"

static sluice_status run(void* self, sluice_error* error) {
  (void)self;
  (void)error;
  return SLUICE_FAILED;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  return &plugin;
}
