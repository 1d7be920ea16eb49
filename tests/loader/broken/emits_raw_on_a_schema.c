/* Emits raw bytes on a stream that has a schema. */
#include "../sound.h"

static sluice_status run(void* self, sluice_error* error) {
  sluice_event_v1 event = reading();
  (void)self;
  event.encoding = SLUICE_ENCODING_RAW;
  return emit(&event, 1, error);
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  return &plugin;
}
