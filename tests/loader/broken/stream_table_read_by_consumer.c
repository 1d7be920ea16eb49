/* Reads a table; tables are out only. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_consumer();
  streams[0].kind = SLUICE_STREAM_TABLE;
  return &plugin;
}
