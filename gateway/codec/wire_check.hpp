#pragma once

#include <string_view>

#include "codec/plan.hpp"
#include "core/event.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"

namespace sluice::codec {

/// Checks wire bytes against the plan, submessages included: well formed, wire types fit, strings are UTF-8, depth.
/// Fields the plan lacks are allowed and counted. kInvalid with path and byte offset.
Status check_wire(const SchemaPlan& plan, std::string_view wire, std::uint32_t& unknown_fields);

/// The fields of a message that a stream's key, time and partition come from.
class FactFinder {
 public:
  /// Names are proto names (the partition field's also JSON); empty: none. kInvalid names a field that does not exist,
  /// is repeated, or has an unfit type: a key is a string or an integer, a time an int64, a partition field a string.
  static Result<FactFinder> create(const MessagePlan& message, std::string_view key_field, std::string_view time_field,
                                   std::string_view partition_field);

  /// Fills `facts` from the top level of `wire`; the last of repeated records counts. An absent integer key without
  /// presence is "0"; an absent string key is no key, an absent time no time. kInvalid on malformed bytes.
  Status find(std::string_view wire, EventFacts& facts) const;

 private:
  static constexpr std::uint32_t kNoTag = 0;

  Status fail(std::string_view wire, const char* at) const;
  Status set_integer_key(std::string_view value, EventFacts& facts) const;

  std::uint32_t key_tag_ = kNoTag;
  std::uint32_t time_tag_ = kNoTag;
  std::uint32_t partition_tag_ = kNoTag;
  Kind key_kind_ = Kind::kString;
  Kind time_kind_ = Kind::kInt64;
  bool key_has_presence_ = false;
  std::int64_t time_units_per_second_ = 1'000'000;
  std::string time_name_;
};

}  // namespace sluice::codec
