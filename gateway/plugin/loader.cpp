#include "plugin/loader.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "plugin/breadcrumb.hpp"
#include "plugin/description.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/instance.hpp"
#include "plugin/search.hpp"
#include "plugin/text.hpp"

namespace sluice::plugin {
namespace {

constexpr std::string_view kEntry = "sluice_plugin_entry_v1";
constexpr std::string_view kEntryOfAnyMajor = "sluice_plugin_entry_v";

Status check_exports(const std::vector<std::string>& exported) {
  const auto invalid = [](std::string text) { return Status(Code::kInvalid, std::move(text)); };
  if (std::find(exported.begin(), exported.end(), kEntry) == exported.end()) {
    for (const std::string& name : exported) {
      if (name.starts_with(kEntryOfAnyMajor)) {
        return invalid("is made for plugin ABI major version " + name.substr(kEntryOfAnyMajor.size()) +
                       ", this gateway takes 1");
      }
    }
    return invalid("is not a sluice plugin: it exports no " + std::string(kEntry));
  }
  if (exported.size() == 1) return {};
  std::string others;
  for (std::size_t i = 0, shown = 0; i < exported.size() && shown < 3; ++i) {
    if (exported[i] == kEntry) continue;
    others += (shown++ == 0 ? "" : ", ") + printable(exported[i], 120);
  }
  return invalid("exports " + std::to_string(exported.size()) + " symbols, expected only " + std::string(kEntry) +
                 ": also " + others + (exported.size() > 4 ? ", ..." : ""));
}

Result<Description> load_description(const std::filesystem::path& path, const DescriptionChecks& checks) {
  if (Status safe = check_plugin_file(path); !safe.ok()) return safe;
  const Result<std::vector<std::string>> exported = exported_symbols(path);
  if (!exported) return exported.status();
  if (Status exports = check_exports(*exported); !exports.ok()) return exports;

  // A path with a slash: without one dlopen would look into the system's library folders.
  const std::string absolute = std::filesystem::absolute(path).string();
  const std::string crumb_name = path.stem().string();
  const breadcrumb::Call call(crumb_name, "load");
  // Never closed: threads, thread-local destructors and atexit handlers of a plugin may outlive every use of it.
  void* handle = ::dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    const char* why = ::dlerror();
    std::string text = why == nullptr ? "the dynamic linker gives no reason" : printable(why);
    if (text.starts_with(absolute + ": ")) text.erase(0, absolute.size() + 2);
    return Status(Code::kInvalid, "cannot be loaded: " + text);
  }
  const auto entry = reinterpret_cast<sluice_plugin_entry_fn>(::dlsym(handle, kEntry.data()));
  if (entry == nullptr) return Status(Code::kInvalid, "cannot be loaded: " + std::string(kEntry) + " is null");
  try {
    return read_description(entry(), path, checks);
  } catch (const std::exception& e) {
    return Status(Code::kInvalid, std::string(kEntry) + " threw: " + printable(e.what()));
  } catch (...) {
    return Status(Code::kInvalid, std::string(kEntry) + " threw something that is not a std::exception");
  }
}

Status check_args(const CreateArgs& args, const PluginInfo& info, PluginKind expected) {
  if (info.kind != expected) {
    return {Code::kInvalid,
            "plugin '" + info.name + "' is a " +
                (info.kind == PluginKind::kSource ? "source, not a consumer" : "consumer, not a source")};
  }
  if (args.values.size() != info.options.size()) {
    return {Code::kInternal, "plugin '" + info.name + "' has " + std::to_string(info.options.size()) +
                                 " options, got " + std::to_string(args.values.size()) + " values"};
  }
  if (args.streams.size() < info.streams.size()) {
    return {Code::kInternal, "plugin '" + info.name + "' has " + std::to_string(info.streams.size()) +
                                 " streams, got " + std::to_string(args.streams.size())};
  }
  return {};
}

}  // namespace

LoadedPlugin::LoadedPlugin(std::shared_ptr<const Description> description) : description_(std::move(description)) {}

const PluginInfo& LoadedPlugin::info() const { return description_->info; }

Result<std::unique_ptr<SourceInstance>> LoadedPlugin::create_source(CreateArgs args, InstanceHost& host) const {
  if (Status fit = check_args(args, info(), PluginKind::kSource); !fit.ok()) return fit;
  return make_source(description_, std::move(args), host);
}

Result<std::unique_ptr<ConsumerInstance>> LoadedPlugin::create_consumer(CreateArgs args, InstanceHost& host) const {
  if (Status fit = check_args(args, info(), PluginKind::kConsumer); !fit.ok()) return fit;
  return make_consumer(description_, std::move(args), host);
}

Result<LoadedPlugin> load(const std::filesystem::path& path, const SchemaChecker& schemas,
                          const OptionTableCheck& options, const LoadOptions& load_options) {
  const DescriptionChecks checks{schemas, options, load_options.host_minor.value_or(SLUICE_ABI_MINOR)};
  Result<Description> description = load_description(path, checks);
  if (!description) return description.status().with_context("plugin " + path.string());
  return LoadedPlugin(std::make_shared<const Description>(*std::move(description)));
}

}  // namespace sluice::plugin
