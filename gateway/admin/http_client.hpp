#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/status.hpp"

namespace sluice::admin {

struct HttpReply {
  unsigned status = 0;
  std::string body;
};

/// One GET to a gateway's admin address ("127.0.0.1:8080"), for the commands that ask a running gateway.
/// Blocks up to `timeout`. kInvalid: not HOST:PORT; kUnavailable: nobody answers there; kTimeout. Thread: any.
Result<HttpReply> http_get(std::string_view address, std::string_view target, std::chrono::milliseconds timeout);

}  // namespace sluice::admin
