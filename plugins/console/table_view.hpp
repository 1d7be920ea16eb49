#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "console/fields.hpp"

namespace sluice::console {

struct ViewOptions {
  std::size_t max_rows = 12;        ///< rows shown per topic; the ones updated last when there are more
  std::vector<std::string> fields;  ///< only these, in this order; empty: all
  bool has_color = false;
};

/// The latest row per key of each topic, drawn as aligned blocks that fit a screen. Events without a key are rows of
/// their own, of which the last few are kept. Thread: one at a time.
class TableView {
 public:
  TableView(std::vector<std::string> topics, ViewOptions options);

  void put(std::size_t topic, std::string_view key, std::vector<Field> fields);
  void remove(std::size_t topic, std::string_view key);

  /// The screen as lines, at most `height` of at most `width` columns (colours not counted). `monotonic_us`: for the
  /// rates.
  std::vector<std::string> render(std::size_t width, std::size_t height, std::int64_t monotonic_us);

  [[nodiscard]] std::uint64_t events() const;

 private:
  struct Row {
    std::vector<Field> fields;
    std::uint64_t update = 0;
  };
  struct Topic {
    std::string name;
    std::map<std::string, Row, std::less<>> rows;
    std::vector<std::string> columns;  // in the order of their first appearance
    std::uint64_t events = 0;
    std::uint64_t rated_events = 0;
    double per_second = 0;
  };
  struct Column;

  void learn_columns(Topic& topic, const std::vector<Field>& fields) const;
  [[nodiscard]] std::vector<const std::pair<const std::string, Row>*> shown_rows(const Topic& topic,
                                                                                 std::size_t count) const;
  void render_topic(const Topic& topic, std::size_t index, std::size_t width, std::size_t height,
                    std::vector<std::string>& lines) const;
  void render_table(const std::vector<Column>& columns, std::size_t rows, std::size_t width,
                    std::vector<std::string>& lines) const;
  void render_grid(const Row& row, std::size_t width, std::size_t height, std::vector<std::string>& lines) const;
  [[nodiscard]] std::string painted(std::string_view text, std::string_view code) const;

  const ViewOptions options_;
  std::vector<Topic> topics_;
  std::uint64_t updates_ = 0;
  std::int64_t rated_us_ = -1;
};

/// The escape code of a topic's colour, by its number.
std::string_view topic_color(std::size_t index);

}  // namespace sluice::console
