#pragma once

#include <array>
#include <string>
#include <string_view>

#include "codec/plan.hpp"
#include "core/event.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"

namespace sluice::codec {

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

  /// For a pass over the records that is made anyway: the values of the wanted ones, then the facts.
  struct Found {
    std::string_view key;
    std::string_view time;
    std::string_view partition;
  };
  void take(std::uint32_t tag, const char* value, const char* end, Found& found) const {
    if (tag > last_tag_) return;
    if (tag == key_tag_) found.key = {value, static_cast<std::size_t>(end - value)};
    if (tag == time_tag_) found.time = {value, static_cast<std::size_t>(end - value)};
    if (tag == partition_tag_) found.partition = {value, static_cast<std::size_t>(end - value)};
  }
  Status finish(const Found& found, EventFacts& facts) const;
  /// Places of the wanted fields in the message's plan; -1: none. In the order key, time, partition.
  [[nodiscard]] const std::array<int, 3>& fields() const { return fields_; }

 private:
  static constexpr std::uint32_t kNoTag = 0;

  void set_integer_key(std::string_view value, EventFacts& facts) const;

  std::array<int, 3> fields_{-1, -1, -1};
  std::uint32_t key_tag_ = kNoTag;
  std::uint32_t time_tag_ = kNoTag;
  std::uint32_t partition_tag_ = kNoTag;
  std::uint32_t last_tag_ = kNoTag;
  Kind key_kind_ = Kind::kString;
  Kind time_kind_ = Kind::kInt64;
  bool key_has_presence_ = false;
  std::int64_t time_units_per_second_ = 1'000'000;
  std::string time_name_;
};

/// Checks wire bytes against the plan, submessages included: well formed, wire types fit, strings are UTF-8, depth.
/// Fields the plan lacks are allowed; facts.unknown_fields counts them. Finds the other facts on the way. kInvalid with
/// path and byte offset.
Status check_wire(const SchemaPlan& plan, const FactFinder& finder, std::string_view wire, EventFacts& facts);

}  // namespace sluice::codec
