/* A table has one row per key, but this one has no key. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  streams[0].kind = SLUICE_STREAM_TABLE;
  streams[0].key_field.size = 0;
  return &plugin;
}
