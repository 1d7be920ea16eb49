#pragma once

#include <memory>
#include <string_view>

#include "codec/plan.hpp"
#include "core/status.hpp"
#include "core/stream.hpp"

namespace sluice::codec {

/// Builds the plan of a message and of all it reaches. Descriptors live only during the call. kInvalid names the field
/// and what is not supported: proto2 and groups, google.protobuf types, options on fields of unfit types.
Result<std::shared_ptr<const SchemaPlan>> build_plan(const SchemaSource& schema, std::string_view timezone);

}  // namespace sluice::codec
