#include "app/manifest.hpp"

#include <nlohmann/json.hpp>

#include "app/plugin_set.hpp"
#include "plugin/search.hpp"

namespace sluice::app {
namespace {

using Json = nlohmann::ordered_json;

Json stream_json(const StreamDeclaration& stream) {
  Json json = {{"name", stream.name},
               {"direction", stream.direction == Direction::kIn ? "in" : "out"},
               {"kind", to_string(stream.kind)},
               {"message", stream.message},
               {"topic", stream.topic}};
  if (!stream.key_field.empty()) json["key"] = stream.key_field;
  if (!stream.time_field.empty()) json["time"] = stream.time_field;
  if (stream.direction == Direction::kOut) {
    json["partitions"] = stream.partitions;
    json["retention_ms"] = stream.retention_ms;
    json["cleanup"] = to_string(stream.cleanup);
  }
  return json;
}

Json option_json(const OptionSpec& option) {
  Json json = {{"name", option.name}, {"type", to_string(option.type)}};
  if (option.is_required) json["required"] = true;
  if (option.has_default) json["default"] = option.default_text;
  if (!option.bounds.empty()) json["bounds"] = option.bounds;
  json["help"] = option.help;
  return json;
}

Json plugin_json(const PluginInfo& plugin) {
  Json streams = Json::array();
  for (const StreamDeclaration& stream : plugin.streams) streams.push_back(stream_json(stream));
  Json options = Json::array();
  for (const OptionSpec& option : plugin.options) options.push_back(option_json(option));
  return {{"name", plugin.name},
          {"kind", plugin.kind == PluginKind::kSource ? "source" : "consumer"},
          {"version", plugin.version},
          {"description", plugin.description},
          {"abi", std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor)},
          {"path", plugin.path.string()},
          {"streams", std::move(streams)},
          {"options", std::move(options)}};
}

}  // namespace

std::vector<ManifestEntry> manifest(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::string> names;
  for (const plugin::FoundPlugin& found : plugin::list_plugins(folders)) names.push_back(found.name);
  const PluginSet plugins = PluginSet::load(names, folders);
  std::vector<ManifestEntry> entries;
  for (const std::string& name : names) {
    Result<plugin::LoadedPlugin> loaded = plugins.find(name);
    ManifestEntry& entry = entries.emplace_back();
    entry.name = name;
    if (loaded) {
      entry.info = loaded->info();
    } else {
      entry.refusal = loaded.status();
    }
  }
  return entries;
}

std::string manifest_json(const std::vector<ManifestEntry>& entries) {
  Json all = Json::array();
  for (const ManifestEntry& entry : entries) {
    all.push_back(entry.refusal.ok() ? plugin_json(entry.info)
                                     : Json{{"name", entry.name}, {"refused", entry.refusal.text()}});
  }
  return Json{{"plugins", std::move(all)}}.dump(2);
}

std::string manifest_json(const std::vector<PluginInfo>& plugins) {
  Json all = Json::array();
  for (const PluginInfo& plugin : plugins) all.push_back(plugin_json(plugin));
  return Json{{"plugins", std::move(all)}}.dump();
}

}  // namespace sluice::app
