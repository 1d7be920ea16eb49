/* Goes on after it was asked to stop. */
#include <unistd.h>

#include "../sound.h"

static sluice_status run(void* self, sluice_error* error) {
  (void)self;
  (void)error;
  while (pause() == -1) {
  }
  return SLUICE_OK;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  return &plugin;
}
