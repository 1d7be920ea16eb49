/* Its device is not there. */
#include "../sound.h"

static sluice_status create(const sluice_create_v1* args, void** self, sluice_error* error) {
  (void)args;
  (void)self;
  return fail(error, "no device at /dev/ttyUSB7");
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.create = create;
  return &plugin;
}
