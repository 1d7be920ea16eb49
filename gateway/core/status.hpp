#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// What kind of failure it was, for the program; the text of a Status is for a person.
enum class Code : std::uint8_t {
  kOk = 0,
  kInvalid,      ///< the input is wrong and will stay wrong
  kNotFound,     ///< a named thing does not exist
  kFull,         ///< a bounded queue, buffer or quota has no room now
  kClosed,       ///< the object no longer takes calls
  kTimeout,      ///< the given time passed first
  kUnavailable,  ///< another system does not answer; may heal by itself
  kIo,           ///< the operating system refused
  kInternal,     ///< a promise of our own code was broken
};

/// Thread: a value, as safe as an int. Success carries no text and allocates nothing.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string text) : code_(code), text_(std::move(text)) { assert(code != Code::kOk); }

  [[nodiscard]] bool ok() const { return code_ == Code::kOk; }
  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& text() const { return text_; }

  /// Puts `context` before the text: "open journal: header of 42.seg: format version 9, this build reads 1".
  [[nodiscard]] Status with_context(std::string_view context) && {
    if (!ok()) text_.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
  [[nodiscard]] Status with_context(std::string_view context) const& { return Status(*this).with_context(context); }

 private:
  Code code_ = Code::kOk;
  std::string text_;
};

/// Either a T or a failed Status. value() on a failure is a programming error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                  // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Status& status() const { return status_; }

  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return *std::move(value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace sluice
