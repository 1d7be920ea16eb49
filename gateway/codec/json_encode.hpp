#pragma once

#include <string_view>

#include "codec/plan.hpp"
#include "core/buffer.hpp"
#include "core/status.hpp"

namespace sluice::codec {

/// Appends the message in `wire` as JSON, keys in field-number order. Wire fields in that order, as every writer gives
/// them, are done in one pass without any table; other orders and repeats are brought in order first: of a scalar the
/// last counts, parts of a submessage are merged, of a oneof the last member stays, of equal map keys the last stays.
/// Unknown fields are skipped. kInvalid with path and byte offset; `out` is then as before. Thread: any; the plan is
/// only read.
Status encode_json(const SchemaPlan& plan, std::string_view wire, Buffer& out);

/// The literals a plan prepares with the same formatting: what an implicit field prints when absent.
std::string default_text(const FieldPlan& field, const TimeZone& zone);

}  // namespace sluice::codec
