/* Its stream has a message that its descriptor set lacks. */
#include "../sound.h"

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  streams[0].message.data = "test.Absent";
  streams[0].message.size = 11;
  return &plugin;
}
