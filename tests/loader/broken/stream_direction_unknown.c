/* A stream is neither in nor out. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  streams[0].direction = 0;
  return &plugin;
}
