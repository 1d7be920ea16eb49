#pragma once

#include <memory>

#include "core/stream.hpp"

namespace sluice::codec {

/// The messages of the gateway's own streams (proto/sluice/host.proto).
std::shared_ptr<const SchemaSource> dead_letter_schema();
std::shared_ptr<const SchemaSource> gap_schema();

}  // namespace sluice::codec
