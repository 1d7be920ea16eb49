#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::admin {

/// Decides which names a client may call the server by. A hostile page that lets its own name point here (DNS
/// rebinding) sends that name in Host, so unknown names are refused. Addresses are not names: they cannot be rebound.
/// Immutable. Thread: any.
class HostFilter {
 public:
  /// Loopback names and addresses and `listen_host` are always allowed; any address when `listen_host` stands for all
  /// of them (0.0.0.0, ::). `extra` are further names.
  HostFilter(std::string_view listen_host, const std::vector<std::string>& extra);

  /// `host` as in the header: a name or an address, [..] around IPv6, and perhaps a port.
  [[nodiscard]] bool is_allowed(std::string_view host) const;

 private:
  std::set<std::string> names_;  // lower case
  bool is_any_address_allowed_ = false;
};

}  // namespace sluice::admin
