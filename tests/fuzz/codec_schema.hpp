#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "codec/schema.hpp"

namespace sluice::fuzz {

constexpr char kSchemaText[] = R"(
syntax = "proto3";
import "sluice/options.proto";
enum Color { NONE = 0; RED = 1; }
message M {
  string text = 1;
  bytes blob = 2;
  int64 utc = 3 [(sluice.format) = {time: ISO_UTC}];
  int64 naive = 4 [(sluice.format) = {time: ISO_NAIVE, unit: SECONDS}];
  int64 money = 5 [(sluice.format) = {decimal_scale: 2}];
  uint64 big = 6 [(sluice.format) = {integer_as_string: true}];
  double real = 7;
  float narrow = 8;
  Color color = 9;
  bool flag = 10;
  optional string kind = 11 [(sluice.format) = {null_rule: NULL_WHEN_ABSENT}];
  M inner = 12;
  repeated M list = 13;
  repeated sint32 numbers = 14;
  repeated string words = 15;
  map<string, M> named = 16;
  map<int32, double> numbered = 17;
  map<bool, bytes> flags = 18;
  oneof choice { int32 a = 19; string b = 20; M c = 21; }
  fixed32 f = 22;
  sfixed64 g = 23;
  optional bool helpful = 24 [(sluice.format) = {null_when: "text=A"}];
}
)";

/// A message with every kind of field. Ends the program when it does not compile.
inline std::shared_ptr<const SchemaSource> every_kind() {
  char folder[] = "/tmp/sluice_fuzz_XXXXXX";
  if (mkdtemp(folder) == nullptr) std::abort();
  const auto file = std::filesystem::path(folder) / "m.proto";
  std::ofstream(file) << kSchemaText;
  auto schema = codec::compile_schema(file, "M");
  std::filesystem::remove_all(folder);
  if (!schema.ok()) {
    std::fprintf(stderr, "%s\n", schema.status().text().c_str());
    std::abort();
  }
  return *schema;
}

/// What must hold, or the input is a finding.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace sluice::fuzz
