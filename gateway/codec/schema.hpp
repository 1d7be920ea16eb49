#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "core/plugin_info.hpp"
#include "core/status.hpp"
#include "core/stream.hpp"

namespace sluice::codec {

/// Compiles a .proto file of the user's. Imports are looked for in the file's folder; sluice/options.proto and
/// google/protobuf/*.proto are built in and need not be on disk. An empty `message` takes the file's only message.
/// kInvalid: "FILE:LINE:COL: what" per mistake, one a line; kNotFound: no such file, or no such message (the text lists
/// those there are). Also refuses what build_plan refuses, so that a schema that compiles can be used.
Result<std::shared_ptr<const SchemaSource>> compile_schema(const std::filesystem::path& file, std::string_view message);

/// Checks what a plugin declares; its refusals are kInvalid and begin with the stream's name. Thread: any.
std::unique_ptr<SchemaChecker> make_schema_checker();

}  // namespace sluice::codec
