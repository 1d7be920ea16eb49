#include "admin/request_head.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>

namespace sluice::admin {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

bool is_token_character(char c) {
  const bool is_alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return is_alphanumeric || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_character(c)) return false;
  }
  return !text.empty();
}

std::optional<Refusal> refusal_of(beast::error_code error) {
  if (error == http::error::bad_version) return Refusal{505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  return Refusal{400, "malformed request"};
}

}  // namespace

bool HeadScanner::refuse(unsigned status, std::string_view reason) {
  refusal_ = Refusal{status, reason};
  return false;
}

std::size_t HeadScanner::scan(std::string_view bytes) {
  while (at_ < bytes.size() && !refusal_ && !is_complete_) {
    if (!take(bytes, bytes[at_])) return 0;
    ++at_;
  }
  return is_complete_ ? at_ : 0;
}

bool HeadScanner::take(std::string_view bytes, char c) {
  const HttpLimits& limits = *limits_;
  if (at_ >= limits.head_max_bytes) return refuse(431, "headers too large");
  if (c == '\n') {
    if (!has_cr_) return refuse(400, "line feed without carriage return");
    has_cr_ = false;
    const std::string_view line = bytes.substr(line_start_, at_ - 1 - line_start_);
    line_start_ = at_ + 1;
    return end_line(line);
  }
  if (has_cr_) return refuse(400, "carriage return without line feed");
  if (c == '\r') {
    has_cr_ = true;
    return true;
  }
  const auto byte = static_cast<unsigned char>(c);
  if ((byte < 0x20 && c != '\t') || byte == 0x7f) return refuse(400, "control byte");
  if (at_ - line_start_ >= limits.line_max_bytes) {
    return lines_ == 0 ? refuse(414, "request line too long") : refuse(431, "header too long");
  }
  return true;
}

bool HeadScanner::end_line(std::string_view line) {
  ++lines_;
  if (lines_ == 1) return !line.empty() || refuse(400, "empty request line");
  if (line.empty()) {
    is_complete_ = true;
    return true;
  }
  if (lines_ - 1 > limits_->header_max_count) return refuse(431, "too many headers");
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "folded header");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return refuse(400, "malformed header");
  return true;
}

ParsedHead parse_head(std::string_view head) {
  ParsedHead parsed;
  http::request_parser<http::empty_body> parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(boost::none);
  beast::error_code error;
  parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error && error != http::error::unexpected_body && error != http::error::need_more) {
    parsed.refusal = refusal_of(error);
    return parsed;
  }
  if (!parser.is_header_done()) {
    parsed.refusal = Refusal{400, "malformed request"};
    return parsed;
  }
  const auto& message = parser.get();
  const auto count = [&](http::field field) {
    const auto range = message.equal_range(field);
    return std::distance(range.first, range.second);
  };
  Request& request = parsed.request;
  request.is_head = message.method() == http::verb::head;
  request.is_get = request.is_head || message.method() == http::verb::get;
  request.is_keep_alive = message.version() == 11 && message.keep_alive();
  request.target = std::string(message.target());
  const auto refuse = [&parsed](unsigned status, std::string_view reason) {
    parsed.refusal = Refusal{status, reason};
    return parsed;
  };
  if (message.version() != 11 && message.version() != 10) {
    return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  }
  if (count(http::field::transfer_encoding) > 0 && count(http::field::content_length) > 0) {
    return refuse(400, "both Transfer-Encoding and Content-Length");
  }
  if (count(http::field::content_length) > 1) return refuse(400, "more than one Content-Length");
  if (count(http::field::host) > 1) return refuse(400, "more than one Host");
  if (count(http::field::host) == 1) request.host = std::string(message[http::field::host]);
  if (!request.host && message.version() == 11) return refuse(400, "no Host");
  // Other methods are answered with 405, whose reason is plainer than that of a body.
  const auto length = message[http::field::content_length];
  const bool has_body = count(http::field::transfer_encoding) > 0 || (!length.empty() && length != "0");
  if (request.is_get && has_body) return refuse(413, "a request takes no body here");
  if (has_body) request.is_keep_alive = false;
  if (request.is_get && (request.target.empty() || request.target.front() != '/')) {
    return refuse(400, "the target does not begin with '/'");
  }
  return parsed;
}

}  // namespace sluice::admin
