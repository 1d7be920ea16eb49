/* No topic can have that name. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  streams[0].topic.data = "no topic";
  streams[0].topic.size = 8;
  return &plugin;
}
