#pragma once

#include <string>

#include "admin/request_head.hpp"
#include "core/ports.hpp"

namespace sluice::admin {

struct Response {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  bool has_allow = false;        ///< header Allow: the methods there are
  bool has_retry_after = false;  ///< header Retry-After: 1 (second)
};

/// {"error":"text"} with the status.
Response error_response(unsigned status, std::string_view text);

/// Answers a request whose Host was checked. Never throws: what `view` throws becomes a 500. Thread: the caller's;
/// takes as long as `view` does.
Response route(const Request& request, AdminView& view);

}  // namespace sluice::admin
