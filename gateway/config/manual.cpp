#include <algorithm>

#include "config/keys.hpp"
#include "config/load.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

This page is printed by the program from the tables it reads configurations by.

A configuration is one TOML file. The files `conf.d/*.toml` in the folder beside it are merged in the order of their names:
tables are merged, `[[source]]` and `[[consumer]]` are appended, and of a key given twice the later file counts.
`--set KEY=VALUE` comes last: `--set journal.max_bytes=32MiB`, `--set kafka.properties.compression.type=zstd`,
`--set source.NAME.options.rate=5`.

- **Unknown keys are errors**, and so are values of the wrong type or out of bounds. All of them are reported at once.
- **Environment:** `${NAME}` and `${NAME:-default}` are replaced in any string; the default also holds for an empty variable.
  A string that is one replacement and nothing else may become a number, a boolean or a list (`a,b`). `$${` stands for `${`.
- **Durations** are a whole number and a unit: `us`, `ms`, `s`, `m`, `h`, `d`. **Sizes** are a number of bytes, or one with
  `B`, `KiB`, `MiB`, `GiB` or `TiB`. Bounds are written `LOW..HIGH`, both included.
- **Paths** that are not absolute: what belongs to a configuration (`schema`, secrets) is looked for beside the file that names it,
  what belongs to a run (`state_dir`, `plugin_path`) below the current folder.
- **Secrets:** below `[kafka.properties]` a key `NAME_file` reads NAME from a file. The file is refused when group or others
  can read or write it; below systemd's `$CREDENTIALS_DIRECTORY` the group may read.
- **Delivery:** `enable.idempotence`, `acks` and `message.timeout.ms` below `[kafka.properties]` cannot be weakened.
)";

/// Text inside a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

std::string allowed(const OptionSpec& option) {
  if (option.type != OptionType::kEnum) return code(option.bounds);
  std::string out;
  std::string_view rest = option.bounds;
  while (true) {
    const std::size_t end = rest.find('|');
    out += (out.empty() ? "" : ", ") + code(rest.substr(0, end));
    if (end == std::string_view::npos) return out;
    rest.remove_prefix(end + 1);
  }
}

std::string default_cell(const OptionSpec& option) {
  if (option.is_required) return "required";
  if (!option.has_default) return "";
  return option.default_text.empty() ? "empty" : code(option.default_text);
}

void put_option(const OptionSpec& option, std::string& out) {
  out += "| " + code(option.name) + " | " + to_string(option.type) + " | " + default_cell(option) + " | " +
         allowed(option) + " | " + cell(option.help) + " |\n";
}

constexpr std::string_view kOptionHeader = "| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n";

void put_section(const SectionSpec& section, std::string& out) {
  out += "\n## `" + std::string(section.header) + "`\n\n" + section.help + "\n\n" + std::string(kOptionHeader);
  for (const KeySpec& key : section.keys) put_option(to_option_spec(key), out);
  for (const KeySpec& table : section.tables) {
    out += "| " + code(table.name) + " | table | | | " + cell(table.help) + " |\n";
  }
}

std::string retention_text(std::int64_t retention_ms) {
  constexpr std::int64_t kHourMs = 3'600'000;
  constexpr std::int64_t kDayMs = 24 * kHourMs;
  if (retention_ms == 0) return "the broker's";
  if (retention_ms % kDayMs == 0) return std::to_string(retention_ms / kDayMs) + "d";
  if (retention_ms % kHourMs == 0) return std::to_string(retention_ms / kHourMs) + "h";
  return std::to_string(retention_ms) + "ms";
}

void put_plugin(const PluginInfo& plugin, std::string& out) {
  const bool is_source = plugin.kind == PluginKind::kSource;
  out += "\n### `" + plugin.name + "` (" + (is_source ? "source" : "consumer") + ")\n\n" + plugin.description + "\n";
  if (!plugin.options.empty()) {
    out += "\n" + std::string(kOptionHeader);
    for (const OptionSpec& option : plugin.options) put_option(option, out);
  }
  if (!plugin.streams.empty()) {
    out +=
        "\n| stream | direction | kind | message | topic | partitions | retention |\n|---|---|---|---|---|---|---|\n";
    for (const StreamDeclaration& stream : plugin.streams) {
      out += "| " + code(stream.name) + " | " + (stream.direction == Direction::kIn ? "in" : "out") + " | " +
             std::string(to_string(stream.kind)) + " | " + code(stream.message) + " | " + code(stream.topic) + " | " +
             std::to_string(stream.partitions) + " | " + retention_text(stream.retention_ms) + " |\n";
    }
  }
  if (plugin.takes_streams_from_config) out += "\nFurther streams are taken from the configuration.\n";
}

}  // namespace

std::string configuration_manual(const std::vector<PluginInfo>& plugins) {
  std::string out(kIntroduction);
  for (const SectionSpec* section : all_sections()) put_section(*section, out);
  if (plugins.empty()) return out;
  out += "\n## Plugins\n";
  std::vector<const PluginInfo*> sorted;
  for (const PluginInfo& plugin : plugins) sorted.push_back(&plugin);
  std::sort(sorted.begin(), sorted.end(), [](const PluginInfo* a, const PluginInfo* b) { return a->name < b->name; });
  for (const PluginInfo* plugin : sorted) put_plugin(*plugin, out);
  return out;
}

}  // namespace sluice::config
