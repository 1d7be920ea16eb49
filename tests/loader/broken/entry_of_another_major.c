/* A plugin of a major version that does not exist yet. */
__attribute__((visibility("default"))) const void* sluice_plugin_entry_v2(void);
const void* sluice_plugin_entry_v2(void) { return 0; }
