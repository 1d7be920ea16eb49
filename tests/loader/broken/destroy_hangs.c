/* Does not come back from destroy. */
#include <unistd.h>

#include "../sound.h"

static void destroy(void* self) {
  (void)self;
  while (pause() == -1) {
  }
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.destroy = destroy;
  return &plugin;
}
