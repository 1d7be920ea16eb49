/* Has two streams of one name. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  streams[1] = sound_stream();
  plugin.stream_count = 2;
  return &plugin;
}
