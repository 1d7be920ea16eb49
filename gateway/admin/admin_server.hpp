#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "admin/http_limits.hpp"
#include "core/log.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"

namespace sluice::runtime {
class Runtime;
}

namespace sluice::admin {

struct AdminAddress {
  std::string host = "127.0.0.1";        ///< a name or an address without brackets
  std::uint16_t port = 0;                ///< 0: any free one
  std::vector<std::string> extra_hosts;  ///< further names clients may use in Host
};

/// The HTTP interface: health, metrics, status, tables, plugins; GET and HEAD only. Listens and answers on the
/// runtime's thread, where it also calls the AdminView.
class AdminServer {
 public:
  /// Binds and begins to accept; clients are answered once the runtime is started. Runtime, view and log outlive the
  /// server. Errors: kIo (address in use, not ours), kInvalid (no such host). Thread: any; resolves names, which may
  /// block.
  static Result<std::unique_ptr<AdminServer>> open(runtime::Runtime& runtime, const AdminAddress& address,
                                                   AdminView& view, Log& log, const HttpLimits& limits = {});

  /// As close().
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// Stops accepting, ends idle connections, lets the others finish their response, and after the limits' close_timeout
  /// ends those too. Returns when none is left and the view is no longer called. May repeat. Thread: any but the
  /// runtime's.
  void close();

  [[nodiscard]] std::uint16_t port() const;

 private:
  class Listener;
  AdminServer(runtime::Runtime& runtime, std::shared_ptr<Listener> listener);

  runtime::Runtime& runtime_;
  std::shared_ptr<Listener> listener_;
};

}  // namespace sluice::admin
