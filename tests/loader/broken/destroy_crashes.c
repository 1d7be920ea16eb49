/* Crashes while it is destroyed. */
#include <signal.h>

#include "../sound.h"

static void destroy(void* self) {
  (void)self;
  (void)raise(SIGSEGV);
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.destroy = destroy;
  return &plugin;
}
