#pragma once

#include <chrono>
#include <cstddef>

namespace sluice::admin {

/// What one client may cost. Every time is absolute: it runs from the start of its phase and no byte prolongs it.
struct HttpLimits {
  std::size_t line_max_bytes = 4096;                          ///< request line (414) and each header line (431)
  std::size_t head_max_bytes = 8192;                          ///< request line and headers together (431)
  std::size_t header_max_count = 64;                          ///< (431)
  std::size_t response_budget_bytes = std::size_t{4} << 20U;  ///< of all responses being written; one always fits (503)
  std::size_t requests_per_connection = 1000;
  std::size_t connections = 256;             ///< at once (503)
  std::size_t connections_per_address = 32;  ///< at once (429)
  /// Local tools share one address, so the limit per address leaves loopback out.
  bool is_loopback_exempt = true;

  std::chrono::milliseconds head_timeout{5'000};    ///< from the accept, or the first byte of a later request (408)
  std::chrono::milliseconds idle_timeout{30'000};   ///< between requests
  std::chrono::milliseconds write_timeout{30'000};  ///< for one response
  /// After a last response: how long, and how many bytes, what the client still sends is thrown away, so that a reset
  /// does not take the response from it.
  std::chrono::milliseconds linger_timeout{1'000};
  std::size_t linger_max_bytes = std::size_t{256} << 10U;
  std::chrono::milliseconds close_timeout{1'000};  ///< for connections to end by themselves when the server closes
};

}  // namespace sluice::admin
