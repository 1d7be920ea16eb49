#include "e2e/gateway.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "support/wait_until.hpp"

namespace sluice::e2e {
namespace {

/// GET over a connection of its own; the body of a 200, nothing else.
std::optional<std::string> http_get(const std::string& address, const std::string& target) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  if (::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) return std::nullopt;
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n\r\n";
  std::string reply;
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
      ::send(connection, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    std::array<char, 65536> block{};
    for (ssize_t count = 0; (count = ::recv(connection, block.data(), block.size(), 0)) > 0;) {
      reply.append(block.data(), static_cast<std::size_t>(count));
    }
  }
  ::close(connection);
  const std::size_t body = reply.find("\r\n\r\n");
  if (!reply.starts_with("HTTP/1.1 200") || body == std::string::npos) return std::nullopt;
  return reply.substr(body + 4);
}

std::vector<std::string> run_arguments(const std::filesystem::path& config, const std::filesystem::path& report,
                                       const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {sluice_program(), "run", config.string(), "--report", report.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

std::string sluice_program() { return SLUICE_E2E_PROGRAM; }
std::string plugin_folder() { return SLUICE_E2E_PLUGINS; }
std::filesystem::path config_file(const std::string& name) { return std::filesystem::path(SLUICE_E2E_CONFIGS) / name; }

Finished run_program(const test::TempFolder& folder, std::vector<std::string> arguments, const Environment& environment,
                     std::chrono::seconds limit) {
  test::ChildProcess process({.arguments = std::move(arguments),
                              .output_dir = folder.path(),
                              .name = "command",
                              .environment = environment,
                              .input = {}});
  const auto exit = process.wait(limit);
  return {exit ? exit->code : -1, process.standard_output(), process.standard_error()};
}

Finished run_sluice(const test::TempFolder& folder, std::vector<std::string> arguments, const Environment& environment,
                    std::chrono::seconds limit) {
  arguments.insert(arguments.begin(), sluice_program());
  return run_program(folder, std::move(arguments), environment, limit);
}

Gateway::Gateway(const test::TempFolder& folder, std::string name, const std::filesystem::path& config,
                 const std::vector<std::string>& more, const Environment& environment)
    : report_(folder / (name + ".report.json")),
      process_({.arguments = run_arguments(config, report_, more),
                .output_dir = folder.path(),
                .name = name,
                .environment = environment,
                .input = {}}) {}

const std::string& Gateway::address() {
  constexpr std::string_view kBefore = "status  http://";
  testing::wait_until([this, kBefore] {
    if (!address_.empty()) return true;
    const bool has_ended = !process_.is_running();
    const std::string out = process_.standard_output();
    const std::size_t at = out.find(kBefore);
    const std::size_t end = at == std::string::npos ? at : out.find_first_of(" \n", at + kBefore.size());
    if (end != std::string::npos) address_ = out.substr(at + kBefore.size(), end - at - kBefore.size());
    return has_ended || !address_.empty();
  });
  return address_;
}

std::optional<Json> Gateway::get(const std::string& target) {
  const std::optional<std::string> body = http_get(address(), target);
  if (!body) return std::nullopt;
  Json json = Json::parse(*body, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

bool Gateway::wait_status(const std::function<bool(const Json&)>& condition, std::chrono::seconds limit) {
  bool has_come = false;
  testing::wait_until(
      [&] {
        const std::optional<Json> status = get("/api/status");
        has_come = status && condition(*status);
        return has_come || !process_.is_running();
      },
      limit);
  return has_come;
}

test::ChildProcess::Exit Gateway::stop(std::chrono::seconds limit) {
  process_.signal(SIGTERM);
  return wait(limit);
}

test::ChildProcess::Exit Gateway::wait(std::chrono::seconds limit) {
  return process_.wait(limit).value_or(test::ChildProcess::Exit{});
}

Json Gateway::report() const {
  Json json = Json::parse(test::read_file(report_), nullptr, false);
  return json.is_discarded() ? Json::object() : json;
}

bool is_closed(const Json& account) {
  if (!account.contains("events")) return false;
  const Json& events = account.at("events");
  return events.at("unaccounted") == 0 && events.at("pending") == 0;
}

}  // namespace sluice::e2e
