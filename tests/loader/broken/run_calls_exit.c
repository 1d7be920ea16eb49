/* Ends the whole process because it is finished. */
#include <stdlib.h>

#include "../sound.h"

static sluice_status run(void* self, sluice_error* error) {
  (void)self;
  (void)error;
  exit(0);
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  return &plugin;
}
