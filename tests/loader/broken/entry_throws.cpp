/* Lets an exception out of the entry. */
#include <sluice/plugin_abi.h>

#include <stdexcept>

const sluice_plugin_v1* sluice_plugin_entry_v1() { throw std::runtime_error("no licence"); }
