/* Emits when it was already told to stop. */
#include "../sound.h"

static sluice_status run(void* self, sluice_error* error) {
  const sluice_event_v1 event = reading();
  (void)self;
  while (host->wait(host->context, 1000000) != SLUICE_STOPPED) {
  }
  return emit(&event, 1, error) == SLUICE_STOPPED ? fail(error, "emit said STOPPED") : SLUICE_OK;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  return &plugin;
}
