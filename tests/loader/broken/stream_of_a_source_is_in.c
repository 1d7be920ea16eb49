/* A source that wants to read a stream. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  streams[0].direction = SLUICE_DIRECTION_IN;
  return &plugin;
}
