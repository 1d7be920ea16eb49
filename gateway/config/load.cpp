#include "config/load.hpp"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <system_error>

#include "config/diagnostic.hpp"
#include "config/node.hpp"
#include "config/read.hpp"
#include "config/section.hpp"
#include "config/units.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t kFileMaxBytes = std::size_t{1} << 20U;

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Status(Code::kIo, "it is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status(Code::kIo, std::generic_category().message(errno));
  std::string text(kFileMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Status(Code::kIo, std::generic_category().message(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileMaxBytes) return Status(Code::kInvalid, "it is larger than 1 MiB");
  return text;
}

/// `file` and the conf.d/*.toml beside it, by name.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& file) {
  std::vector<std::filesystem::path> dropped_in;
  std::error_code error;
  std::filesystem::directory_iterator entries(file.parent_path() / "conf.d", error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    std::error_code ignored;
    const bool is_file = entries->is_regular_file(ignored);
    if (is_file && entries->path().extension() == ".toml") dropped_in.push_back(entries->path());
  }
  std::sort(dropped_in.begin(), dropped_in.end());
  dropped_in.insert(dropped_in.begin(), file);
  return dropped_in;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/// "HOST:PORT" or "[IPv6]:PORT".
bool split_listen(const std::string& listen, std::string& host, std::uint16_t& port) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const Result<std::int64_t> number = parse_integer(std::string_view(listen).substr(colon + 1));
  if (!number.ok() || *number < 0 || *number > std::numeric_limits<std::uint16_t>::max()) return false;
  host = listen.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  if (host.find_first_of("[]/ ") != std::string::npos) return false;
  if ((host.find(':') != std::string::npos) != is_bracketed) return false;
  port = static_cast<std::uint16_t>(*number);
  return true;
}

void read_gateway(const Node& root, Config& config, Diagnostics& diagnostics) {
  const Section section(kGatewaySection, root.find("gateway"), "", diagnostics);
  config.gateway.name = section["name"].text;
  if (!section["name"].is_set) {
    std::array<char, 256> host{};
    config.gateway.name = ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "sluice";
  } else {
    // The characters of a host name and of a Kafka group.
    const bool is_good = !config.gateway.name.empty() && config.gateway.name.size() <= 64 &&
                         std::all_of(config.gateway.name.begin(), config.gateway.name.end(), [](unsigned char c) {
                           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
                         });
    if (!is_good) {
      diagnostics.add({.where = section.where("name"),
                       .message = "'gateway.name' is " + shown_text(config.gateway.name),
                       .expected = "[A-Za-z0-9._-]{1,64}"});
    }
  }
  const auto not_empty = [&](const char* key, const std::string& path) {
    if (!path.empty()) return;
    diagnostics.add({.where = section.where(key),
                     .message = std::string("'gateway.") + key + "' has an empty path",
                     .expected = "the path of a folder"});
  };
  not_empty("state_dir", section["state_dir"].text);
  config.gateway.state_dir = resolve_path(section["state_dir"].text, {});
  for (const std::string& folder : section["plugin_path"].list) {
    not_empty("plugin_path", folder);
    config.gateway.plugin_path.push_back(resolve_path(folder, {}));
  }
  config.gateway.memory_limit_bytes = static_cast<std::uint64_t>(section["memory_limit"].integer);
}

void read_log(const Node& root, Config& config, Diagnostics& diagnostics) {
  const Section section(kLogSection, root.find("log"), "", diagnostics);
  const std::string& level = section["level"].text;
  config.log.level = level == "debug"            ? LogLevel::kDebug
                     : level.starts_with("warn") ? LogLevel::kWarning
                     : level == "error"          ? LogLevel::kError
                                                 : LogLevel::kInfo;
}

void read_admin(const Node& root, Config& config, Diagnostics& diagnostics) {
  const Section section(kAdminSection, root.find("admin"), "", diagnostics);
  config.admin.is_insecure_allowed = section["insecure"].integer != 0;
  config.admin.hosts = section["hosts"].list;
  const std::string& listen = section["listen"].text;
  config.admin.is_enabled = !listen.empty();
  if (!config.admin.is_enabled) return;
  if (!split_listen(listen, config.admin.host, config.admin.port)) {
    diagnostics.add({.where = section.where("listen"),
                     .message = "'admin.listen' is " + shown_text(listen),
                     .expected = "HOST:PORT such as \"127.0.0.1:8080\" or \"[::1]:8080\", or \"\" for none"});
  } else if (!is_loopback(config.admin.host) && !config.admin.is_insecure_allowed) {
    diagnostics.add({.where = section.where("listen"),
                     .message = "'admin.listen' is " + shown_text(listen) +
                                ", which other machines can reach without any access control",
                     .expected = "a loopback address such as \"127.0.0.1:8080\", or insecure = true beside it"});
  }
}

/// A setting whose meaning this version cannot keep is refused, never quietly weakened.
void refuse_unavailable(const Section& section, const char* key, const std::string& what, const std::string& expected,
                        Diagnostics& diagnostics) {
  diagnostics.add(
      {.where = section.where(key), .message = what + " is not available in this version", .expected = expected});
}

void read_kafka(const Node& root, const Environment& environment, Config& config, Diagnostics& diagnostics) {
  const Section section(kKafkaSection, root.find("kafka"), "", diagnostics);
  config.kafka.bootstrap_servers = section["bootstrap_servers"].text;
  config.kafka.is_embedded = config.kafka.bootstrap_servers == "embedded";
  if (section["event_ids"].integer != 0) {
    refuse_unavailable(section, "event_ids", "'kafka.event_ids' = true", "false", diagnostics);
  }
  if (config.kafka.bootstrap_servers.empty()) {
    diagnostics.add({.where = section.where("bootstrap_servers"),
                     .message = "'kafka.bootstrap_servers' is empty",
                     .expected = "HOST:PORT of brokers, or \"embedded\""});
  }
  config.gaps_topic = section["gaps_topic"].text;
  config.dead_letters_topic = section["dead_letters_topic"].text;
  check_topic(config.gaps_topic, "'kafka.gaps_topic'", section.where("gaps_topic"), diagnostics);
  check_topic(config.dead_letters_topic, "'kafka.dead_letters_topic'", section.where("dead_letters_topic"),
              diagnostics);
  read_kafka_properties(section.table("properties"), environment, config, diagnostics);
}

void read_journal(const Node& root, Config& config, Diagnostics& diagnostics) {
  const Section section(kJournalSection, root.find("journal"), "", diagnostics);
  if (section["mode"].text == "disk") refuse_unavailable(section, "mode", "journal mode disk", "memory", diagnostics);
  config.journal.mode = JournalMode::kMemory;
  config.journal.commit_window_us = section["commit_window"].integer;
  config.journal.max_bytes = static_cast<std::uint64_t>(section["max_bytes"].integer);
  config.journal.keep_free_bytes = static_cast<std::uint64_t>(section["keep_free"].integer);
  if (const std::string& on_full = section["on_full"].text; on_full != "block") {
    refuse_unavailable(section, "on_full", "'journal.on_full' = \"" + on_full + "\"", "\"block\"", diagnostics);
  }
}

Config read_config(Node& root, const LoadOptions& options, const Environment& environment, Diagnostics& diagnostics) {
  for (const std::string& assignment : options.sets) apply_override(root, assignment, diagnostics);
  expand_environment(root, environment, diagnostics);
  Config config;
  const Section known(kRootSection, &root, "", diagnostics);
  read_gateway(root, config, diagnostics);
  read_log(root, config, diagnostics);
  read_admin(root, config, diagnostics);
  read_kafka(root, environment, config, diagnostics);
  config.schema_registry.url =
      Section(kSchemaRegistrySection, root.find("schema_registry"), "", diagnostics)["url"].text;
  if (!config.schema_registry.url.empty()) {
    diagnostics.add({.where = {},
                     .message = "'schema_registry.url' is set, but this version uses no registry",
                     .expected = "",
                     .suggestion = "",
                     .is_warning = true});
  }
  read_journal(root, config, diagnostics);
  read_instances(root, config, diagnostics);
  return config;
}

Environment environment_of(const LoadOptions& options) {
  return options.environment ? options.environment : [](const char* name) -> const char* { return std::getenv(name); };
}

void hand_over(const Diagnostics& found, Diagnostics& diagnostics) {
  for (Diagnostic& diagnostic : in_reading_order(found.all())) diagnostics.add(std::move(diagnostic));
}

}  // namespace

std::filesystem::path resolve_path(const std::string& text, const Location& where) {
  const std::filesystem::path path(text);
  if (path.empty()) return path;
  const bool is_from_file = where.line > 0;
  std::error_code error;
  const std::filesystem::path current = std::filesystem::current_path(error);
  const std::filesystem::path base = is_from_file ? current / std::filesystem::path(where.file).parent_path() : current;
  return (base / path).lexically_normal();
}

void check_topic(const std::string& topic, const std::string& what, const Location& where, Diagnostics& diagnostics) {
  constexpr std::size_t kTopicMaxBytes = 249;
  const bool is_good = !topic.empty() && topic.size() <= kTopicMaxBytes && topic != "." && topic != ".." &&
                       std::all_of(topic.begin(), topic.end(), [](unsigned char c) {
                         return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
                       });
  if (is_good) return;
  diagnostics.add({.where = where,
                   .message = what + " is " + shown_text(topic),
                   .expected = "the name of a Kafka topic, [A-Za-z0-9._-]{1,249}"});
}

Config load(const std::filesystem::path& file, const LoadOptions& options, Diagnostics& diagnostics) {
  Diagnostics found;
  Node merged;
  merged.where = {.file = file.string(), .line = 1, .column = 1};
  bool is_complete = true;
  for (const std::filesystem::path& path : files_of(file)) {
    Result<std::string> text = read_file(path);
    if (!text.ok()) {
      found.add({.where = {.file = path.string()},
                 .message = "cannot be read: " + text.status().text(),
                 .expected = "a readable TOML file"});
      is_complete = false;
      continue;
    }
    std::optional<Node> root = read_toml(*text, path.string(), found);
    is_complete = is_complete && root.has_value();
    if (!root) continue;
    flatten_properties(*root, found);
    merge_into(merged, std::move(*root), found);
  }
  // Without one of the files every check would report what it misses.
  Config config = is_complete ? read_config(merged, options, environment_of(options), found) : Config{};
  config.file = file;
  hand_over(found, diagnostics);
  return config;
}

Config load_text(std::string_view text, const std::filesystem::path& file, const LoadOptions& options,
                 Diagnostics& diagnostics) {
  Diagnostics found;
  Config config;
  if (std::optional<Node> root = read_toml(text, file.string(), found)) {
    flatten_properties(*root, found);
    config = read_config(*root, options, environment_of(options), found);
  }
  config.file = file;
  hand_over(found, diagnostics);
  return config;
}

}  // namespace sluice::config
