/* Emits nothing at all. */
#include "../sound.h"

static sluice_status run(void* self, sluice_error* error) {
  sluice_event_v1 event = reading();
  (void)self;
  sluice_emit_result_v1 result = {sizeof result, 0, 0, 0};
  (void)event;
  return host->emit(host->context, NULL, &result, error);
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  return &plugin;
}
