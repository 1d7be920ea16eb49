#include "runtime/log.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string>

#include "runtime/log_limiter.hpp"
#include "runtime/log_text.hpp"

namespace sluice::runtime {
namespace {

constexpr std::size_t kTextMaxBytes = std::size_t{8} << 10U;

/// Writes each line with one write(2), so that lines of other processes on the same descriptor stay whole.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const char* data = line.data();
    std::size_t left = line.size();
    while (left > 0) {
      const ssize_t written = ::write(descriptor_, data, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      data += written;
      left -= static_cast<std::size_t>(written);
    }
  }
  void flush_() override {}

 private:
  const int descriptor_;
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// syslog's numbers, which journald takes from the front of a line.
const char* journald_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "<7>";
    case LogLevel::kInfo:
      return "<6>";
    case LogLevel::kWarning:
      return "<4>";
    case LogLevel::kError:
      return "<3>";
  }
  return "<6>";
}

const char* colour(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "\x1b[2m";
    case LogLevel::kInfo:
      return "\x1b[32m";
    case LogLevel::kWarning:
      return "\x1b[33;1m";
    case LogLevel::kError:
      return "\x1b[31;1m";
  }
  return "";
}

const char* level_column(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug  ";
    case LogLevel::kInfo:
      return "info   ";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error  ";
  }
  return "";
}

std::unique_ptr<spdlog::pattern_formatter> formatter_for(LogForm form) {
  switch (form) {
    case LogForm::kText:
    case LogForm::kColour:
      return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%d %H:%M:%S.%e %v", spdlog::pattern_time_type::local);
    case LogForm::kJson:
      return std::make_unique<spdlog::pattern_formatter>(
          R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","component":"%n","message":"%v"})",
          spdlog::pattern_time_type::utc);
    case LogForm::kJournald:
      break;
  }
  return std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc);
}

class LineLog final : public Log {
 public:
  LineLog(LogLevel level, const LogOptions& options)
      : level_(level),
        form_(options.form ? *options.form : log_form_of(options.descriptor)),
        clock_(options.clock != nullptr ? *options.clock : system_clock_),
        sink_(options.descriptor),
        limiter_(options.burst, std::chrono::microseconds(options.window).count()) {
    sink_.set_formatter(formatter_for(form_));
  }

  ~LineLog() override { put_summaries(limiter_.take_all_summaries()); }
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;

  void write(LogLevel level, std::string_view component, std::string_view text) override {
    if (level < level_) return;
    const std::int64_t now_us = clock_.monotonic_us();
    bool is_admitted = false;
    std::vector<LogLimiter::Summary> summaries;
    {
      const std::lock_guard lock(mutex_);
      is_admitted = limiter_.admit(level, component, text, now_us);
      summaries = limiter_.take_summaries(now_us);
    }
    put_summaries(summaries);
    if (is_admitted) put(level, component, text);
  }

 private:
  void put_summaries(const std::vector<LogLimiter::Summary>& summaries) {
    for (const LogLimiter::Summary& summary : summaries) {
      put(summary.level, summary.component,
          std::to_string(summary.suppressed) + " more suppressed like: " + summary.text);
    }
  }

  void put(LogLevel level, std::string_view component, std::string_view text) {
    std::string name;
    std::string line;
    const std::string_view shown = text.substr(0, kTextMaxBytes);
    if (form_ == LogForm::kJson) {
      name = escape_for_json(component);
      line = escape_for_json(shown);
    } else {
      name = escape_for_terminal(component);
      line = escape_for_terminal(shown);
    }
    if (shown.size() < text.size()) line += "…";
    switch (form_) {
      case LogForm::kJson:
        break;
      case LogForm::kJournald:
        line.insert(0, journald_prefix(level) + name + ": ");
        break;
      case LogForm::kText:
        line.insert(0, std::string(level_column(level)) + " [" + name + "] ");
        break;
      case LogForm::kColour:
        line.insert(0, colour(level) + std::string(level_column(level)) + "\x1b[0m [" + name + "] ");
        break;
    }
    sink_.log(spdlog::details::log_msg(spdlog::string_view_t(name), spdlog_level(level), spdlog::string_view_t(line)));
  }

  const LogLevel level_;
  const LogForm form_;
  const SystemClock system_clock_;
  const Clock& clock_;
  DescriptorSink sink_;  // thread-safe by itself
  std::mutex mutex_;     // guards limiter_; never held while writing
  LogLimiter limiter_;
};

}  // namespace

LogForm log_form_of(int descriptor) {
  struct stat facts {};
  const char* stream = std::getenv("JOURNAL_STREAM");
  if (stream != nullptr && ::fstat(descriptor, &facts) == 0 &&
      std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino) == stream) {
    return LogForm::kJournald;
  }
  if (::isatty(descriptor) == 0) return LogForm::kJson;
  const char* terminal = std::getenv("TERM");
  const bool is_plain =
      std::getenv("NO_COLOR") != nullptr || terminal == nullptr || std::string_view(terminal) == "dumb";
  return is_plain ? LogForm::kText : LogForm::kColour;
}

std::unique_ptr<Log> make_log(LogLevel level, const LogOptions& options) {
  return std::make_unique<LineLog>(level, options);
}

}  // namespace sluice::runtime
