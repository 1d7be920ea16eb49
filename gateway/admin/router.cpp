#include "admin/router.hpp"

#include <exception>
#include <optional>

#include "admin/metrics_text.hpp"

namespace sluice::admin {
namespace {

constexpr const char* kJson = "application/json; charset=utf-8";
constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr std::string_view kTablesPrefix = "/api/tables/";

constexpr const char* kIndex = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>sluice</title></head><body>
<h1>sluice</h1>
<ul>
<li><a href="/healthz">/healthz</a>: the process is alive</li>
<li><a href="/readyz">/readyz</a>: events can be taken and kept</li>
<li><a href="/metrics">/metrics</a>: for Prometheus</li>
<li><a href="/api/status">/api/status</a>: the account of all events</li>
<li><a href="/api/tables">/api/tables</a>: tables of the consumers; one at /api/tables/NAME</li>
<li><a href="/api/plugins">/api/plugins</a>: plugins, their streams and options</li>
</ul>
</body></html>
)";

std::string json_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

Response json(std::string body) {
  Response response;
  response.content_type = kJson;
  response.body = std::move(body);
  return response;
}

Response text(std::string body, const char* content_type) {
  Response response;
  response.content_type = content_type;
  response.body = std::move(body);
  return response;
}

Response readiness(AdminView& view) {
  const Status status = view.readiness();
  const char* durable = view.is_durable() ? "true" : "false";
  if (status.ok()) return json(std::string(R"({"ready":true,"durable":)") + durable + "}\n");
  Response response = json(std::string(R"({"ready":false,"durable":)") + durable + R"(,"reason":)" +
                           json_string(status.text()) + "}\n");
  response.status = 503;
  response.has_retry_after = true;
  return response;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Null when a %XX is malformed or stands for a control byte.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    const int byte = high * 16 + low;
    if (byte < 0x20 || byte == 0x7f) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Response table(std::string_view encoded_name, AdminView& view) {
  const std::optional<std::string> name = percent_decode(encoded_name);
  if (!name) return error_response(400, "malformed table name");
  Result<std::string> found = view.table_json(*name);
  if (found.ok()) return json(std::move(*found));
  const unsigned status = found.status().code() == Code::kNotFound ? 404 : 503;
  return error_response(status, found.status().text());
}

Response route_path(std::string_view path, AdminView& view) {
  if (path == "/") return text(kIndex, kHtml);
  if (path == "/healthz") return text("ok\n", kText);
  if (path == "/readyz") return readiness(view);
  if (path == "/metrics") return text(metrics_text(view.metrics()), kMetricsContentType);
  if (path == "/api/status") return json(view.status_json());
  if (path == "/api/tables") return json(view.tables_json());
  if (path == "/api/plugins") return json(view.plugins_json());
  if (path.starts_with(kTablesPrefix) && path.size() > kTablesPrefix.size()) {
    return table(path.substr(kTablesPrefix.size()), view);
  }
  return error_response(404, "no such page");
}

}  // namespace

Response error_response(unsigned status, std::string_view text) {
  Response response = json("{\"error\":" + json_string(text) + "}\n");
  response.status = status;
  response.has_allow = status == 405;
  response.has_retry_after = status == 429 || status == 503;
  return response;
}

Response route(const Request& request, AdminView& view) {
  if (!request.is_get) return error_response(405, "only GET and HEAD are served");
  const std::string_view target = request.target;
  try {
    return route_path(target.substr(0, target.find('?')), view);
  } catch (const std::exception& error) {
    return error_response(500, error.what());
  }
}

}  // namespace sluice::admin
