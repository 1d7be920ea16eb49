#pragma once

#include <string>
#include <string_view>

#include "codec/plan.hpp"
#include "core/status.hpp"

namespace sluice::codec {

/// What a run of a codec found wrong: set once, on the way out.
struct Failure {
  Status status;

  /// "$.a.b: text at byte N". Always false, to be returned.
  [[gnu::cold, gnu::noinline]] bool at(const Path& path, std::string_view text, std::ptrdiff_t offset) {
    status = Status(Code::kInvalid, to_string(path) + ": " + std::string(text) + " at byte " + std::to_string(offset));
    return false;
  }
  [[gnu::cold, gnu::noinline]] bool at(const Path& path, std::string_view text) {
    status = Status(Code::kInvalid, to_string(path) + ": " + std::string(text));
    return false;
  }
};

}  // namespace sluice::codec
