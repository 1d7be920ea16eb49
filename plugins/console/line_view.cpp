#include "console/line_view.hpp"

#include <algorithm>
#include <utility>

#include "console/fields.hpp"
#include "console/table_view.hpp"
#include "console/text.hpp"

namespace sluice::console {
namespace {

constexpr std::size_t kMaxTopicWidth = 28;
constexpr std::size_t kMaxKeyWidth = 24;
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kReset = "\x1b[0m";

}  // namespace

LineView::LineView(std::vector<std::string> topics, Options options) : options_(std::move(options)) {
  for (const std::string& topic : topics) {
    topics_.push_back(printable(topic));
    topic_width_ = std::max(topic_width_, std::min(kMaxTopicWidth, width_of(topics_.back())));
  }
}

std::string LineView::line(std::size_t topic, std::int64_t time_us, std::string_view key, std::string_view payload,
                           bool is_delete, std::size_t width) {
  const std::string shown_key = printable(key);
  key_width_ = std::max(key_width_, std::min(kMaxKeyWidth, width_of(shown_key)));
  const std::string time = clock_text(time_us);
  std::string line = painted(time, kDim) + "  " + painted(fitted(topics_[topic], topic_width_), topic_color(topic)) +
                     "  " + fitted(shown_key, key_width_) + "  ";
  std::string values;
  if (is_delete) {
    values = "(deleted)";
  } else {
    const std::vector<Field> fields = fields_of(payload);
    const auto add = [&](const Field& field) {
      if (!values.empty()) values += ' ';
      values += field.path == "value" && fields.size() == 1 ? field.text : field.path + "=" + field.text;
    };
    for (const std::string& wanted : options_.fields) {
      const auto found =
          std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.path == wanted; });
      if (found != fields.end()) add(*found);
    }
    if (options_.fields.empty()) std::for_each(fields.begin(), fields.end(), add);
  }
  const std::size_t used = width_of(time) + topic_width_ + key_width_ + 6;
  return line + (width == 0 ? values : cut(values, width > used ? width - used : 1));
}

std::string LineView::more(std::size_t topic, std::uint64_t count) const {
  return painted("\xE2\x80\xA6 " + with_commas(count) + " more from " + topics_[topic], kDim);
}

std::string LineView::painted(std::string_view text, std::string_view code) const {
  if (!options_.has_color) return std::string(text);
  return std::string(code).append(text).append(kReset);
}

}  // namespace sluice::console
