#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::console {

/// One event a line: time, topic, key, and the payload's values. Thread: one at a time.
class LineView {
 public:
  struct Options {
    bool has_color = false;
    std::vector<std::string> fields;  ///< only these, in this order; empty: all
  };

  LineView(std::vector<std::string> topics, Options options);

  /// Without a line end; at most `width` columns (0: as long as it is).
  std::string line(std::size_t topic, std::int64_t time_us, std::string_view key, std::string_view payload,
                   bool is_delete, std::size_t width);
  /// "… 1,234 more from device-sensors"
  [[nodiscard]] std::string more(std::size_t topic, std::uint64_t count) const;

 private:
  [[nodiscard]] std::string painted(std::string_view text, std::string_view code) const;

  const Options options_;
  std::vector<std::string> topics_;
  std::size_t topic_width_ = 0;
  std::size_t key_width_ = 0;  // grows with the keys seen, up to a limit
};

}  // namespace sluice::console
