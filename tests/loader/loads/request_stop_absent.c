/* A source that learns of the stop from wait alone. */
#include "../sound.h"

static sluice_status run(void* self, sluice_error* error) {
  (void)self;
  (void)error;
  while (host->wait(host->context, 1000000) != SLUICE_STOPPED) {
  }
  return SLUICE_STOPPED;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  source.request_stop = NULL;
  return &plugin;
}
