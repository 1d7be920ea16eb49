/* Needs a function that no library has. */
#include "../sound.h"

int function_of_nobody(void);

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  (void)function_of_nobody();
  return &plugin;
}
