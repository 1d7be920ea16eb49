#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/plan.hpp"

namespace sluice::codec {

/// One entry of a map field: the values of its two records, tags cut off. Null data: the record is missing.
struct MapEntry {
  std::string_view key;
  std::string_view value;

  /// Of a string key.
  [[nodiscard]] std::string key_text() const;
};

/// The entries of one map field, as views into the wire bytes.
class MapEntries {
 public:
  /// Takes all records of `field` that follow each other from `at`, which is moved behind them. Null, or the byte
  /// where something is malformed. An entry that repeats a record keeps the last.
  const char* read(const FieldPlan& field, const char*& at, const char* end);

  /// In wire order; of equal keys the last entry. Valid until the next call.
  std::span<const MapEntry> latest();

 private:
  std::vector<MapEntry> entries_;
};

}  // namespace sluice::codec
