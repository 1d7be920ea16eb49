#include "console/table_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "console/text.hpp"

namespace sluice::console {
namespace {

constexpr std::size_t kMaxKeys = 1000;   // per topic; the one not updated for longest goes
constexpr std::size_t kKeylessRows = 5;  // the last events of a topic without keys
constexpr std::size_t kMaxColumns = 100;
constexpr std::size_t kMaxCellWidth = 28;
constexpr std::string_view kGap = "  ";
constexpr std::int64_t kRateWindowUs = 1'000'000;
constexpr std::array<std::string_view, 6> kColors = {"\x1b[36m", "\x1b[33m", "\x1b[32m",
                                                     "\x1b[35m", "\x1b[34m", "\x1b[31m"};
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kReset = "\x1b[0m";

/// The shortest ends of dotted paths that still differ: "x.mean" for "sensor_metrics.x.mean".
std::string short_name(const std::string& path, const std::vector<std::string>& all) {
  std::size_t from = path.rfind('.');
  while (from != std::string::npos && from > 0) {
    const std::string_view end = std::string_view(path).substr(from);
    const auto same = std::count_if(all.begin(), all.end(), [&](const std::string& other) {
      return other.ends_with(end) || other == end.substr(1);
    });
    if (same == 1) return std::string(end.substr(1));
    from = path.rfind('.', from - 1);
  }
  return path;
}

const Field* find_field(const std::vector<Field>& fields, std::string_view path) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.path == path; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace

std::string_view topic_color(std::size_t index) { return kColors[index % kColors.size()]; }

struct TableView::Column {
  std::string title;
  std::vector<std::string> cells;
  std::size_t width = 0;
  bool is_number = false;
};

TableView::TableView(std::vector<std::string> topics, ViewOptions options) : options_(std::move(options)) {
  for (std::string& name : topics) {
    topics_.emplace_back();
    topics_.back().name = printable(name);
  }
}

void TableView::put(std::size_t topic_index, std::string_view key, std::vector<Field> fields) {
  Topic& topic = topics_[topic_index];
  ++topic.events;
  ++updates_;
  learn_columns(topic, fields);
  std::string name = printable(key);
  std::size_t limit = kMaxKeys;
  if (key.empty()) {
    name = "#" + fitted(std::to_string(topic.events), 20, true);  // sorts by number; no key of an event looks like it
    limit = kKeylessRows;
  }
  topic.rows.insert_or_assign(std::move(name), Row{std::move(fields), updates_});
  if (topic.rows.size() > limit) {
    topic.rows.erase(std::min_element(topic.rows.begin(), topic.rows.end(),
                                      [](const auto& a, const auto& b) { return a.second.update < b.second.update; }));
  }
}

void TableView::remove(std::size_t topic_index, std::string_view key) {
  Topic& topic = topics_[topic_index];
  ++topic.events;
  const auto found = topic.rows.find(printable(key));
  if (found != topic.rows.end()) topic.rows.erase(found);
}

void TableView::learn_columns(Topic& topic, const std::vector<Field>& fields) const {
  if (!options_.fields.empty()) {
    topic.columns = options_.fields;
    return;
  }
  for (const Field& field : fields) {
    if (topic.columns.size() == kMaxColumns) return;
    if (std::find(topic.columns.begin(), topic.columns.end(), field.path) == topic.columns.end()) {
      topic.columns.push_back(field.path);
    }
  }
}

std::uint64_t TableView::events() const {
  std::uint64_t sum = 0;
  for (const Topic& topic : topics_) sum += topic.events;
  return sum;
}

std::vector<std::string> TableView::render(std::size_t width, std::size_t height, std::int64_t monotonic_us) {
  if (rated_us_ < 0) rated_us_ = monotonic_us;
  const std::int64_t elapsed_us = monotonic_us - rated_us_;
  if (elapsed_us >= kRateWindowUs) {
    for (Topic& topic : topics_) {
      topic.per_second = static_cast<double>(topic.events - topic.rated_events) * 1e6 / static_cast<double>(elapsed_us);
      topic.rated_events = topic.events;
    }
    rated_us_ = monotonic_us;
  }
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < topics_.size() && lines.size() < height; ++i) {
    // What is left, shared fairly; a topic that needs less leaves the rest to those behind it.
    const std::size_t share = (height - lines.size()) / (topics_.size() - i);
    render_topic(topics_[i], i, width, share, lines);
  }
  if (lines.size() > height) lines.resize(height);
  return lines;
}

std::vector<const std::pair<const std::string, TableView::Row>*> TableView::shown_rows(const Topic& topic,
                                                                                       std::size_t count) const {
  std::vector<const std::pair<const std::string, Row>*> rows;
  for (const auto& entry : topic.rows) rows.push_back(&entry);
  if (rows.size() > count) {
    std::nth_element(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
                     [](const auto* a, const auto* b) { return a->second.update > b->second.update; });
    rows.resize(count);
    std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  }
  return rows;
}

void TableView::render_topic(const Topic& topic, std::size_t index, std::size_t width, std::size_t height,
                             std::vector<std::string>& lines) const {
  if (height < 2) return;
  std::array<char, 32> rate{};
  std::snprintf(rate.data(), rate.size(), "%.1f/s", topic.per_second);
  const std::string facts = with_commas(topic.events) + " events  " + rate.data() + "  " +
                            with_commas(topic.rows.size()) + (topic.rows.size() == 1 ? " row" : " rows");
  const std::string title = cut(topic.name, width);
  std::string headline = painted(painted(title, topic_color(index)), kBold);
  const std::size_t room = width - width_of(title);
  if (room > kGap.size()) headline += std::string(kGap) + painted(cut(facts, room - kGap.size()), kDim);
  lines.push_back(std::move(headline));
  if (topic.rows.empty()) {
    lines.push_back(painted(cut("  waiting for events", width), kDim));
    return;
  }

  const std::size_t room_for_rows = height > 3 ? height - 3 : 1;  // without title, header and the empty line behind
  const auto rows = shown_rows(topic, std::min(room_for_rows, options_.max_rows));
  std::vector<Column> columns;
  std::size_t wanted = 0;
  for (const std::string& path : topic.columns) {
    Column column{.title = short_name(path, topic.columns), .cells = {}, .width = 0, .is_number = false};
    column.width = std::min(width_of(column.title), kMaxCellWidth);
    bool has_value = false;
    for (const auto* row : rows) {
      const Field* field = find_field(row->second.fields, path);
      has_value = has_value || field != nullptr;
      column.cells.push_back(field == nullptr ? "" : field->text);
      column.is_number = column.is_number || (field != nullptr && field->is_number);
      column.width = std::max(column.width, std::min(width_of(column.cells.back()), kMaxCellWidth));
    }
    if (!has_value) continue;
    wanted += column.width + kGap.size();
    columns.push_back(std::move(column));
  }
  if (rows.size() == 1 && wanted > width) {
    render_grid(rows.front()->second, width, height > 2 ? height - 2 : 1, lines);
  } else {
    render_table(columns, rows.size(), width, lines);
  }
  lines.emplace_back();
}

void TableView::render_table(const std::vector<Column>& columns, std::size_t rows, std::size_t width,
                             std::vector<std::string>& lines) const {
  std::size_t count = 0;
  std::size_t used = 0;
  while (count < columns.size() && used + kGap.size() + columns[count].width <= width) {
    used += kGap.size() + columns[count++].width;
  }
  std::string header;
  for (std::size_t c = 0; c < count; ++c)
    header += std::string(kGap) + fitted(columns[c].title, columns[c].width, columns[c].is_number);
  if (count < columns.size()) header += cut("  +" + std::to_string(columns.size() - count), width - used);
  lines.push_back(painted(header, kDim));
  for (std::size_t r = 0; r < rows; ++r) {
    std::string line;
    for (std::size_t c = 0; c < count; ++c)
      line += std::string(kGap) + fitted(columns[c].cells[r], columns[c].width, columns[c].is_number);
    lines.push_back(std::move(line));
  }
}

void TableView::render_grid(const Row& row, std::size_t width, std::size_t height,
                            std::vector<std::string>& lines) const {
  std::vector<Field> fields;
  if (options_.fields.empty()) {
    fields = row.fields;
  } else {
    for (const std::string& path : options_.fields) {
      if (const Field* field = find_field(row.fields, path)) fields.push_back(*field);
    }
  }
  std::vector<std::string> paths;
  for (const Field& field : fields) paths.push_back(field.path);
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (Field& field : fields) {
    field.path = short_name(field.path, paths);
    name_width = std::max(name_width, std::min<std::size_t>(width_of(field.path), 36));
    value_width = std::max(value_width, std::min(width_of(field.text), kMaxCellWidth));
  }
  const std::size_t cell = 2 * kGap.size() + name_width + value_width;
  const std::size_t per_line = std::max<std::size_t>(1, width / cell);
  const std::size_t wanted = (fields.size() + per_line - 1) / per_line;
  for (std::size_t r = 0; r < std::min(wanted, height); ++r) {
    std::string line;
    for (std::size_t at = r; at < fields.size(); at += wanted) {  // down the columns, as one reads a list
      const std::string name = fitted(fields[at].path, name_width);
      const std::string value = fitted(fields[at].text, value_width, true);
      line += std::string(kGap) + painted(name, kDim) + std::string(kGap) + value;
    }
    lines.push_back(cell <= width ? std::move(line) : cut(kGap.data() + fields[r].path + "  " + fields[r].text, width));
  }
}

std::string TableView::painted(std::string_view text, std::string_view code) const {
  if (!options_.has_color) return std::string(text);
  return std::string(code).append(text).append(kReset);
}

}  // namespace sluice::console
