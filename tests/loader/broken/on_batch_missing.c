/* A consumer that cannot consume. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_consumer();
  consumer.on_batch = NULL;
  return &plugin;
}
