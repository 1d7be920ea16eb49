/* Takes its process along before the host can ask it anything. */
#include <cstdlib>

#include "../sound.h"

namespace {

struct Aborts {
  Aborts() { std::abort(); }
} aborts;

}  // namespace

const sluice_plugin_v1* sluice_plugin_entry_v1() {
  sound_source();
  return &plugin;
}
