/* A consumer without a fault, and without its optional callbacks. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_consumer();
  return &plugin;
}
