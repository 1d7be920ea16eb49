#pragma once

#include <string>
#include <string_view>

#include "codec/plan.hpp"

namespace sluice::codec {

/// Appends the records of a message in field-number order, each singular field at most once: of a scalar the last, the
/// parts of a submessage joined into one (which is what merging means on the wire), of a oneof what came after the last
/// change of member. Unknown fields are left out. Submessages are not looked into. False on malformed bytes.
bool put_in_order(const MessagePlan& plan, std::string_view wire, std::string& sorted);

/// True when records need no put_in_order: ascending, singular ones once, one member per oneof; or when they are
/// malformed.
bool is_in_order(const MessagePlan& plan, std::string_view wire);

}  // namespace sluice::codec
