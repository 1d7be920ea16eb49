/* A consumer that writes a state it cannot read. */
#include "../sound.h"

static sluice_status save(void* self, const sluice_writer_v1* writer, sluice_error* error) {
  (void)self;
  (void)writer;
  (void)error;
  return SLUICE_OK;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_consumer();
  consumer.save = save;
  return &plugin;
}
