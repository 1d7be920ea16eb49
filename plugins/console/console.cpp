#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/line_view.hpp"
#include "console/screen.hpp"
#include "console/table_view.hpp"
#include "console/text.hpp"
#include "sluice/plugin.hpp"

namespace sluice::console {
namespace {

using namespace std::chrono_literals;

constexpr Option kOptions[] = {
    {"format", OptionType::kEnum, "auto", "auto|pretty|json|table",
     "pretty: one aligned line per event; json: the payload as it is, one a line; table: latest row per key, redrawn "
     "in place; "
     "auto: table on a terminal, else pretty."},
    {"color", OptionType::kEnum, "auto", "auto|always|never", "auto: on a terminal, unless NO_COLOR is set."},
    {"max_rate", OptionType::kInteger, "20", "0..1000000",
     "Lines a second in format pretty; what is left out is counted in a line of its own. 0: all."},
    {"refresh", OptionType::kDuration, "500ms", "100ms..1m", "Time between two drawings in format table."},
    {"rows", OptionType::kInteger, "12", "1..1000", "Most rows per topic in format table."},
    {"fields", OptionType::kList, "[]", "",
     "Only these fields, in this order, such as \"x\" or \"sensor.x\"; empty: all."},
};

constexpr std::size_t kDefaultWidth = 120;
constexpr std::size_t kDefaultHeight = 40;

class Console final : public Consumer<> {
 public:
  explicit Console(const Context& context)
      : Consumer(context),
        screen_(STDOUT_FILENO),
        is_terminal_(screen_.is_terminal()),
        max_rate_(context.integer("max_rate")),
        refresh_(context.duration("refresh")) {
    std::vector<std::string> topics;
    for (const BoundStream& stream : context.streams()) topics.emplace_back(stream.topic);
    hidden_.resize(topics.size());
    const std::string format = context.choice("format");
    is_json_ = format == "json";
    const bool is_table = (format == "table" || format == "auto") && is_terminal_;
    const std::string color = context.choice("color");
    const char* no_color = std::getenv("NO_COLOR");
    const bool wants_color = is_terminal_ && (no_color == nullptr || *no_color == '\0');
    const bool has_color = color == "always" || (color == "auto" && wants_color);
    std::vector<std::string> fields = context.list("fields");
    if (is_table) {
      table_.emplace(topics, ViewOptions{.max_rows = static_cast<std::size_t>(context.integer("rows")),
                                         .fields = std::move(fields),
                                         .has_color = has_color});
    } else {
      lines_.emplace(topics, LineView::Options{.has_color = has_color, .fields = std::move(fields)});
    }
  }

  ~Console() override {
    try {
      if (!table_ || table_->events() > 0) show();
    } catch (...) {  // out of memory for the last picture: there is nobody to tell
    }
  }

  void on_batch(const InputBatch& batch) override {
    if (!table_) start_window_if_over();
    for (const sluice_input_v1& input : batch) {
      if (input.stream >= hidden_.size()) continue;
      const Meta meta(input);
      const std::string_view payload = from_abi(input.payload);
      if (table_) {
        if (meta.is_delete) {
          table_->remove(meta.stream, meta.key);
        } else {
          table_->put(meta.stream, meta.key, fields_of(payload));
        }
      } else if (is_json_) {
        if (!meta.is_delete) append_json(payload);
      } else if (max_rate_ == 0 || shown_ < max_rate_) {
        ++shown_;
        text_ += lines_->line(meta.stream, input.event_time_us, meta.key, payload, meta.is_delete, screen_.width());
        text_ += '\n';
      } else {
        ++hidden_[meta.stream];
      }
    }
    if (!table_) write_text();
  }

  void on_tick(Time /*now*/) override {
    if (!table_) {
      start_window_if_over();
      write_text();
    } else if (host().monotonic() >= next_draw_) {
      next_draw_ = host().monotonic() + refresh_;
      show();
    }
  }

 private:
  void show() {
    if (table_) {
      const std::size_t width = screen_.width() == 0 ? kDefaultWidth : screen_.width();
      const std::size_t height = screen_.height() == 0 ? kDefaultHeight : screen_.height();
      // One column and two rows less: a full line would wrap, and the cursor rests below the last one.
      screen_.draw(table_->render(std::max<std::size_t>(width, 2) - 1, std::max<std::size_t>(height, 4) - 2,
                                  host().monotonic().count()));
    } else {
      tell_hidden();
      write_text();
    }
  }

  /// A second of lines is over: says what it left out.
  void start_window_if_over() {
    const Duration now = host().monotonic();
    if (now < window_end_) return;
    window_end_ = now + 1s;
    shown_ = 0;
    tell_hidden();
  }

  void tell_hidden() {
    for (std::size_t topic = 0; topic < hidden_.size(); ++topic) {
      if (hidden_[topic] == 0) continue;
      text_ += lines_->more(topic, hidden_[topic]) + '\n';
      hidden_[topic] = 0;
    }
  }

  /// As it is, but one line: line ends between the values of a JSON text are as good as spaces.
  void append_json(std::string_view payload) {
    const std::size_t begin = text_.size();
    text_ += is_terminal_ ? printable(payload) : std::string(payload);
    std::replace_if(
        text_.begin() + static_cast<std::ptrdiff_t>(begin), text_.end(), [](char c) { return c == '\n' || c == '\r'; },
        ' ');
    text_ += '\n';
  }

  void write_text() {
    if (!text_.empty()) screen_.write(text_);
    text_.clear();
    const std::uint64_t dropped = screen_.take_dropped_bytes();
    if (dropped > 0 && !has_told_dropped_) {
      has_told_dropped_ = true;
      log_warning("nobody reads the output: lines are left out");
    }
  }

  Screen screen_;
  const bool is_terminal_;
  const std::int64_t max_rate_;
  const Duration refresh_;
  bool is_json_ = false;
  std::optional<TableView> table_;  // exactly one of the two
  std::optional<LineView> lines_;
  std::string text_;                   // not written yet
  std::vector<std::uint64_t> hidden_;  // per topic: left out in this second
  std::int64_t shown_ = 0;             // lines in this second
  Duration window_end_{0};
  Duration next_draw_{0};
  bool has_told_dropped_ = false;
};

}  // namespace
}  // namespace sluice::console

SLUICE_PLUGIN(sluice::console::Console,
              sluice::Description{.version = "1.0.0",
                                  .description = "Shows events of any topics on the terminal.",
                                  .options = sluice::console::kOptions,
                                  .streams_from_config = true,
                                  .input_as_json = true,
                                  .tick_interval = std::chrono::milliseconds(100)});
