/* Says that it cannot work here. */
#include <sluice/plugin_abi.h>

const sluice_plugin_v1* sluice_plugin_entry_v1(void) { return NULL; }
