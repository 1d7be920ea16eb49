/* Lets an exception out of create. */
#include <stdexcept>

#include "../sound.h"

namespace {

sluice_status create(const sluice_create_v1*, void**, sluice_error*) { throw std::runtime_error("port 7 is taken"); }

}  // namespace

const sluice_plugin_v1* sluice_plugin_entry_v1() {
  sound_source();
  source.create = create;
  return &plugin;
}
