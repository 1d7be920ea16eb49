#pragma once

#include <string_view>

#include "codec/plan.hpp"
#include "codec/wire_check.hpp"
#include "core/buffer.hpp"
#include "core/status.hpp"

namespace sluice::codec {

/// Appends the wire bytes of a JSON object in canonical form: fields in number order, implicit fields that hold their
/// default left out. Keys in the order our encoder writes them are matched without being parsed; any order is read, and
/// of equal keys, as of the members of a oneof, the last counts. null is the same as no key. Keys the plan lacks are
/// skipped, but checked, and counted. Fills `facts`, with views into `out`. kInvalid with the path, and the byte offset
/// where the text is no JSON; `out` is then as before. Thread: any; the plan is only read.
Status decode_json(const SchemaPlan& plan, const FactFinder& finder, std::string_view json, Buffer& out,
                   EventFacts& facts);

/// kInvalid when `text` is not one JSON value of at most 32 levels.
Status check_json(std::string_view text);

}  // namespace sluice::codec
