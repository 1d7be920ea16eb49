/* Does not come back while it is loaded. */
#include <sluice/plugin_abi.h>
#include <unistd.h>

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  while (pause() == -1) {
  }
  return NULL;
}
