/* Lets something out of create that is not even an exception. */
#include "../sound.h"

namespace {

sluice_status create(const sluice_create_v1*, void**, sluice_error*) { throw 42; }

}  // namespace

const sluice_plugin_v1* sluice_plugin_entry_v1() {
  sound_source();
  source.create = create;
  return &plugin;
}
