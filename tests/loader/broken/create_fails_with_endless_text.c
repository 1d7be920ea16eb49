/* Claims to have written more into the error buffer than there is room for. */
#include "../sound.h"

static sluice_status create(const sluice_create_v1* args, void** self, sluice_error* error) {
  (void)args;
  (void)self;
  memset(error->data, 'x', error->capacity);
  error->size = (size_t)-1;
  return SLUICE_FAILED;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.create = create;
  return &plugin;
}
