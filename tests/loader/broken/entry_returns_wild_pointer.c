/* What it returns is no memory: only a child process can find out. */
#include <sluice/plugin_abi.h>

const sluice_plugin_v1* sluice_plugin_entry_v1(void) { return (const sluice_plugin_v1*)(uintptr_t)64; }
