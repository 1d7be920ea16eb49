#include "e2e/kafka/topic.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <unordered_map>

#include "e2e/gateway.hpp"

namespace sluice::e2e {
namespace {

constexpr std::int64_t kKeys = 1000;

std::string_view take(std::string_view& rest, char end) {
  const std::size_t at = std::min(rest.find(end), rest.size());
  const std::string_view word = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return word;
}

template <class Number>
Number number_of(std::string_view word) {
  Number number = -1;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

}  // namespace

Topic::Topic(const test::TempFolder& folder, const std::string& bootstrap_servers, const std::string& name) {
  Finished done = run_program(folder, {"kcat", "-b", bootstrap_servers, "-C", "-t", name, "-o", "beginning", "-e", "-q",
                                       "-f", "%k\\t%p\\t%o\\t%s\\n"});
  if (done.code != 0) throw std::runtime_error("kcat: " + done.err);
  text_ = std::move(done.out);
  for (std::string_view rest = text_; !rest.empty();) {
    std::string_view line = take(rest, '\n');
    Record record;
    record.key = take(line, '\t');
    record.partition = number_of<int>(take(line, '\t'));
    record.offset = number_of<std::int64_t>(take(line, '\t'));
    record.value = line;
    records_.push_back(record);
  }
}

std::string head(const test::TempFolder& folder, const std::string& bootstrap_servers,
                 const std::string& journal_max_bytes) {
  return "[gateway]\nname = \"e2e\"\nstate_dir = \"" + (folder / "state").string() + "\"\nplugin_path = [\"" +
         plugin_folder() + "\"]\n[log]\nlevel = \"error\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[kafka]\n" +
         "bootstrap_servers = \"" + bootstrap_servers + "\"\n[kafka.properties]\nacks = \"all\"\n[journal]\n" +
         "mode = \"memory\"\nmax_bytes = \"" + journal_max_bytes + "\"\n";
}

std::string order_line(std::int64_t id) {
  return "{\"id\":" + std::to_string(id) + ",\"key\":\"k" + std::to_string(id % kKeys) +
         "\",\"value\":" + std::to_string(id) + ".5,\"text\":\"order of a customer\"}";
}

std::filesystem::path write_orders(const test::TempFolder& folder, std::int64_t count) {
  folder.write("orders.proto", R"(syntax = "proto3";
package shop;
message Order {
  int64 id = 1;
  string key = 2;
  double value = 3;
  string text = 4;
}
)");
  std::ofstream out(folder / "orders.ndjson", std::ios::binary);
  for (std::int64_t id = 0; id < count; ++id) out << order_line(id) << '\n';
  return folder / "orders.ndjson";
}

std::string orders_source(const std::filesystem::path& file, const std::string& topic) {
  return "[[source]]\nname = \"orders\"\nplugin = \"ndjson\"\noptions = { path = [\"" + file.string() +
         "\"], follow = false }\n[source.streams.orders]\nschema = \"orders.proto\"\nmessage = \"shop.Order\"\n" +
         "format = \"json\"\nkey = \"key\"\ntopic = \"" + topic + "\"\npartitions = 3\n";
}

std::string fault_of_orders(const Topic& topic, std::int64_t count, std::int64_t& repeats) {
  struct Key {
    int partition = -1;
    std::int64_t largest_id = -1;
  };
  std::unordered_map<std::string_view, Key> keys;
  std::vector<bool> is_seen(static_cast<std::size_t>(count));
  std::int64_t seen = 0;
  repeats = 0;
  for (const Topic::Record& record : topic.records()) {
    const std::string at = " at " + std::to_string(record.partition) + ":" + std::to_string(record.offset);
    std::string_view rest = record.value;
    take(rest, ':');
    const auto id = number_of<std::int64_t>(rest);
    if (id < 0 || id >= count || record.value != order_line(id)) return "not a line: " + std::string(record.value) + at;
    if (record.key != "k" + std::to_string(id % kKeys)) return "key " + std::string(record.key) + at;
    Key& key = keys[record.key];
    if (key.partition != -1 && key.partition != record.partition) return "a second partition of a key" + at;
    key.partition = record.partition;
    if (is_seen[static_cast<std::size_t>(id)]) {
      ++repeats;
      continue;
    }
    // A repeat may come anywhere behind the first; the firsts of a key never overtake each other.
    if (id < key.largest_id) return "out of order: " + std::string(record.value) + at;
    key.largest_id = id;
    is_seen[static_cast<std::size_t>(id)] = true;
    ++seen;
  }
  return seen == count ? "" : std::to_string(count - seen) + " lines are missing";
}

}  // namespace sluice::e2e
