#include "admin/host_filter.hpp"

#include <arpa/inet.h>

#include <optional>

namespace sluice::admin {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// The host part, without brackets; null when the text is not HOST or HOST:PORT.
std::optional<std::string> host_part(std::string_view text) {
  std::string_view host = text;
  std::string_view after;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    after = text.substr(end + 1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    after = text.substr(colon);
  }
  const bool has_port = !after.empty();
  if (has_port && (after.front() != ':' || after.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
    return std::nullopt;
  }
  if (host.empty()) return std::nullopt;
  return lower(host);
}

bool is_address(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  return ::inet_pton(AF_INET, host.c_str(), &v4) == 1 || ::inet_pton(AF_INET6, host.c_str(), &v6) == 1;
}

bool is_loopback_address(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace

HostFilter::HostFilter(std::string_view listen_host, const std::vector<std::string>& extra) {
  is_any_address_allowed_ = listen_host == "0.0.0.0" || listen_host == "::";
  names_.insert("localhost");
  names_.insert(lower(listen_host));
  for (const std::string& name : extra) names_.insert(lower(name));
}

bool HostFilter::is_allowed(std::string_view host) const {
  const std::optional<std::string> name = host_part(host);
  if (!name) return false;
  if (names_.count(*name) > 0 || is_loopback_address(*name)) return true;
  return is_any_address_allowed_ && is_address(*name);
}

}  // namespace sluice::admin
