/* Another plugin could collide with its second symbol. */
#include "../sound.h"

__attribute__((visibility("default"))) int helper(void);
int helper(void) { return 1; }

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  return &plugin;
}
