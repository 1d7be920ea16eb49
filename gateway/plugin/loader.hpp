#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin_info.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"

namespace sluice::plugin {

struct Description;

/// The check of an option table's defaults and bounds, which lives in config/.
using OptionTableCheck = std::function<Status(const std::vector<OptionSpec>&)>;

/// How long a plugin may take where it has to come back. Past it the call's thread is set aside (see
/// watched_thread.hpp): it is cut off from the host, named in set_aside_calls(), and never joined by anyone who cannot
/// afford to wait.
struct Deadlines {
  std::chrono::milliseconds create{10'000};
  std::chrono::milliseconds stop{5'000};  ///< for run() to return after request_stop()
  std::chrono::milliseconds destroy{5'000};
};

/// What create() is given. Moved into the instance, which keeps it for as long as the plugin may look at it.
struct CreateArgs {
  std::string instance;
  std::string state_dir;            ///< made by the caller; empty: none
  std::vector<OptionValue> values;  ///< one per row of info().options, in its order
  std::vector<BoundStream> streams;
  std::string saved_state;
  std::uint64_t event_max_bytes = 256ULL << 10U;
  Deadlines deadlines;
};

/// A plugin in this process: loaded, described, checked. It is never unloaded. Cheap to copy.
/// Thread: any.
class LoadedPlugin {
 public:
  explicit LoadedPlugin(std::shared_ptr<const Description> description);

  [[nodiscard]] const PluginInfo& info() const;

  /// Calls the plugin's create on a thread of its own and waits for at most deadlines.create.
  /// `host` outlives the instance. Fails with the plugin's own text, kTimeout, or kInvalid when the plugin is of the
  /// other kind or `args` do not fit its tables; every failure leaves nothing behind but, after kTimeout, a thread set
  /// aside.
  Result<std::unique_ptr<SourceInstance>> create_source(CreateArgs args, InstanceHost& host) const;
  Result<std::unique_ptr<ConsumerInstance>> create_consumer(CreateArgs args, InstanceHost& host) const;

 private:
  std::shared_ptr<const Description> description_;
};

struct LoadOptions {
  /// The minor ABI version this host claims to have; unset: that of the header it was built with.
  std::optional<std::uint32_t> host_minor;
};

/// Loads one plugin file. Reads its ELF header and symbols first, so that what cannot be a plugin is refused before any
/// of its code runs; then runs its initialisers and sluice_plugin_entry_v1 *in this process*: see probe.hpp for the
/// child process that should have survived that first. Errors name the file, what was found and what was expected.
/// Thread: one at a time.
Result<LoadedPlugin> load(const std::filesystem::path& path, const SchemaChecker& schemas,
                          const OptionTableCheck& options, const LoadOptions& load_options = {});

}  // namespace sluice::plugin
