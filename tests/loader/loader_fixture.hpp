#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "codec/schema.hpp"
#include "config/load.hpp"
#include "loader/fake_host.hpp"
#include "plugin/loader.hpp"

namespace sluice::testing {

inline Result<plugin::LoadedPlugin> load_plugin(const std::filesystem::path& path,
                                                const plugin::LoadOptions& options = {}) {
  return plugin::load(path, *codec::make_schema_checker(), config::check_option_table, options);
}

/// Arguments that fit the plugins of this folder, with deadlines short enough for a test.
inline plugin::CreateArgs args_for(const PluginInfo& info, std::string instance = "under_test") {
  plugin::CreateArgs args;
  args.instance = std::move(instance);
  args.values.resize(info.options.size());
  const auto schema = std::make_shared<const SchemaSource>(SchemaSource{info.descriptor_set, "test.Reading"});
  for (const StreamDeclaration& stream : info.streams) {
    args.streams.push_back(
        {stream.name, stream.direction, stream.kind, false, schema, stream.topic, stream.key_field, stream.time_field});
  }
  args.deadlines = {std::chrono::milliseconds(300), std::chrono::milliseconds(300), std::chrono::milliseconds(300)};
  return args;
}

}  // namespace sluice::testing
