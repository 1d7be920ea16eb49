/* The rows of its option table are further apart than a row is long. */
#include "../sound.h"

static struct {
  sluice_option_v1 option;
  uint64_t more[2];
} rows[1];

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  rows[0].option = sound_option();
  plugin.options = &rows[0].option;
  plugin.option_stride = sizeof rows[0];
  return &plugin;
}
