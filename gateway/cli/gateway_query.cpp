#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "admin/http_client.hpp"
#include "cli/command.hpp"
#include "cli/terminal.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kTimeout{5'000};
constexpr std::chrono::seconds kWatchInterval{1};
constexpr const char* kClearScreen = "\x1b[H\x1b[2J";

struct QueryOptions {
  std::string address = "127.0.0.1:8080";
  std::string table;
  bool is_json = false;
  bool is_watch = false;
};

void add_address(CLI::App& command, QueryOptions& options) {
  command.add_option("--address", options.address, "HOST:PORT of the gateway's admin.listen")
      ->envname("SLUICE_ADMIN_ADDRESS")
      ->capture_default_str();
  command.add_flag("--json", options.is_json, "Print what the gateway answers, as it is");
}

/// The body, or nothing after the reason was printed.
std::string ask(const QueryOptions& options, const std::string& target, int& exit_code) {
  Result<admin::HttpReply> reply = admin::http_get(options.address, target, kTimeout);
  if (!reply) {
    std::fprintf(stderr,
                 "error: no gateway answers at %s (%s), expected a running 'sluice run' with admin.listen there\n",
                 options.address.c_str(), reply.status().text().c_str());
    exit_code = reply.status().code() == Code::kInvalid ? kUsage : kFailed;
    return {};
  }
  if (reply->status == 404 && !options.table.empty()) {
    std::fprintf(stderr, "error: the gateway at %s has no table '%s', expected one of %s\n", options.address.c_str(),
                 options.table.c_str(), "`sluice status`");
    exit_code = kFailed;
    return {};
  }
  if (reply->status != 200) {
    std::fprintf(stderr, "error: the gateway at %s answered %u: %s\n", options.address.c_str(), reply->status,
                 reply->body.c_str());
    exit_code = kFailed;
    return {};
  }
  exit_code = kDone;
  return std::move(reply->body);
}

std::string text_of(const Json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string counts_of(const Json& reasons) {
  std::string text;
  for (const auto& [reason, count] : reasons.items()) text += (text.empty() ? "" : " ") + reason + "=" + count.dump();
  return text.empty() ? "-" : text;
}

void print_status(const Json& status) {
  const Json& events = status.at("events");
  std::printf("%s  broker %s%s\n", text_of(status.at("name")).c_str(),
              text_of(status.at("broker").at("bootstrap")).c_str(),
              status.at("broker").at("embedded").get<bool>() ? " (embedded, volatile)" : "");
  std::printf("accepted %s  delivered %s  pending %s  dropped %s  unaccounted %s\n\n",
              text_of(events.at("accepted")).c_str(), text_of(events.at("delivered")).c_str(),
              text_of(events.at("pending")).c_str(), counts_of(events.at("dropped")).c_str(),
              text_of(events.at("unaccounted")).c_str());
  TextTable sources({"source", "state", "accepted", "rejected"});
  for (const auto& [name, source] : status.at("sources").items()) {
    sources.add({name, text_of(source.at("state")), text_of(source.at("accepted")), counts_of(source.at("rejected"))});
  }
  sources.print(stdout);
  std::printf("\n");
  TextTable streams({"stream", "topic", "accepted", "delivered", "pending", "dropped"});
  for (const auto& [name, stream] : status.at("streams").items()) {
    streams.add({name, text_of(stream.at("topic")), text_of(stream.at("accepted")), text_of(stream.at("delivered")),
                 text_of(stream.at("pending")), counts_of(stream.at("dropped"))});
  }
  streams.print(stdout);
  if (status.at("consumers").empty()) return;
  std::printf("\n");
  TextTable consumers({"consumer", "state", "consumed", "published", "lag", "refused"});
  for (const auto& [name, consumer] : status.at("consumers").items()) {
    consumers.add({name, text_of(consumer.at("state")), text_of(consumer.at("consumed")),
                   text_of(consumer.at("published")), text_of(consumer.at("lag")), counts_of(consumer.at("refused"))});
  }
  consumers.print(stdout);
}

/// Nested objects become columns "a.b"; lists stay JSON.
void flatten(const std::string& prefix, const Json& value, std::vector<std::pair<std::string, std::string>>& cells) {
  if (!value.is_object()) {
    cells.emplace_back(prefix, text_of(value));
    return;
  }
  for (const auto& [name, child] : value.items()) flatten(prefix.empty() ? name : prefix + "." + name, child, cells);
}

void print_rows(const Json& table) {
  std::vector<std::string> header;
  std::vector<std::vector<std::pair<std::string, std::string>>> rows;
  for (const Json& row : table.at("rows")) {
    auto& cells = rows.emplace_back();
    flatten("", row.at("value"), cells);
    for (const auto& [name, text] : cells) {
      if (std::find(header.begin(), header.end(), name) == header.end()) header.push_back(name);
    }
  }
  if (rows.empty()) {
    std::printf("(no rows yet)\n");
    return;
  }
  TextTable text(header);
  for (const auto& cells : rows) {
    std::vector<std::string> row(header.size());
    for (const auto& [name, cell] : cells) {
      row[static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin())] = cell;
    }
    text.add(std::move(row));
  }
  text.print(stdout);
}

int run_status(const QueryOptions& options) {
  int exit_code = kDone;
  const std::string body = ask(options, "/api/status", exit_code);
  if (exit_code != kDone) return exit_code;
  if (options.is_json) {
    std::printf("%s\n", body.c_str());
  } else {
    print_status(Json::parse(body));
  }
  return kDone;
}

int run_table(const QueryOptions& options) {
  int exit_code = kDone;
  while (true) {
    const std::string body = ask(options, "/api/tables/" + options.table, exit_code);
    if (exit_code != kDone) return exit_code;
    if (options.is_watch && is_terminal(stdout)) std::fputs(kClearScreen, stdout);
    if (options.is_json) {
      std::printf("%s\n", body.c_str());
    } else {
      print_rows(Json::parse(body));
    }
    std::fflush(stdout);
    if (!options.is_watch) return kDone;
    std::this_thread::sleep_for(kWatchInterval);
  }
}

/// What the gateway answered may come from another version of it.
int guarded(int (*body)(const QueryOptions&), const QueryOptions& options) {
  try {
    return body(options);
  } catch (const Json::exception& error) {
    std::fprintf(stderr, "error: the answer of %s is not of the expected shape: %s\n", options.address.c_str(),
                 error.what());
    return kFailed;
  }
}

}  // namespace

void add_status(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("status", "What a running gateway is doing");
  auto options = std::make_shared<QueryOptions>();
  add_address(*command, *options);
  command->callback([options, &exit_code] { exit_code = guarded(run_status, *options); });
}

void add_table(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("table", "The rows of a table of a running gateway");
  auto options = std::make_shared<QueryOptions>();
  command->add_option("NAME", options->table, "Table, as /api/tables lists it")->required();
  add_address(*command, *options);
  command->add_flag("--watch", options->is_watch, "Again every second, until interrupted");
  command->callback([options, &exit_code] { exit_code = guarded(run_table, *options); });
}

}  // namespace sluice::cli
