/* Waits for a device that never answers. */
#include <unistd.h>

#include "../sound.h"

static sluice_status create(const sluice_create_v1* args, void** self, sluice_error* error) {
  (void)args;
  (void)self;
  (void)error;
  while (pause() == -1) {
  }
  return SLUICE_OK;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.create = create;
  return &plugin;
}
