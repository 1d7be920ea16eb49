#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/http_limits.hpp"

namespace sluice::admin {

/// What the server needs of a request; everything else is thrown away.
struct Request {
  bool is_get = false;  ///< GET or HEAD
  bool is_head = false;
  bool is_keep_alive = false;
  std::string target;               ///< begins with '/'
  std::optional<std::string> host;  ///< absent only with HTTP/1.0
};

/// Why a request is not served. The connection ends with the answer, since what follows cannot be trusted.
struct Refusal {
  unsigned status = 400;
  std::string_view reason;  ///< static text
};

/// Finds the end of a request's head byte by byte and refuses, as soon as it sees it, what parsers are known to read
/// differently: bare CR or LF, folded headers, control bytes, blanks around header names; and what is too long. It
/// keeps no bytes: `bytes` is the same buffer each time, grown at its end. Thread: none of its own.
class HeadScanner {
 public:
  /// The limits outlive the scanner.
  explicit HeadScanner(const HttpLimits& limits) : limits_(&limits) {}

  /// Bytes of the head including its empty line, once it is there; 0: not yet, or refused.
  std::size_t scan(std::string_view bytes);
  [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }
  /// For the next request; the buffer starts anew too.
  void reset() { *this = HeadScanner(*limits_); }

 private:
  bool take(std::string_view bytes, char c);
  bool end_line(std::string_view line);
  bool refuse(unsigned status, std::string_view reason);

  const HttpLimits* limits_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  bool has_cr_ = false;
  bool is_complete_ = false;
  std::optional<Refusal> refusal_;
};

/// Reads a head that HeadScanner found; a Refusal when it is no request this server can answer, such as one with a
/// body.
struct ParsedHead {
  Request request;
  std::optional<Refusal> refusal;
};
ParsedHead parse_head(std::string_view head);

}  // namespace sluice::admin
