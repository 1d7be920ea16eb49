/* Does not come back from create while the host lets it wait. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "../sound.h"

static sluice_status create(const sluice_create_v1* args, void** self, sluice_error* error) {
  (void)error;
  host = args->host;
  *self = NULL;
  while (host->wait(host->context, INT64_MAX) != SLUICE_STOPPED) {
  }
  return SLUICE_OK;
}

/* Tells whoever reads it that the late instance was destroyed. */
static void destroy(void* self) {
  (void)self;
  (void)setenv("SLUICE_TEST_LATE_DESTROY", "1", 1);
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.create = create;
  source.destroy = destroy;
  return &plugin;
}
