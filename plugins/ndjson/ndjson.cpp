#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ndjson/follower.hpp"
#include "ndjson/pipe_reader.hpp"
#include "ndjson/watcher.hpp"
#include "sluice/plugin.hpp"

namespace sluice::ndjson {
namespace {

using namespace std::chrono_literals;

constexpr Option kOptions[] = {
    {"path", OptionType::kList, kRequired, "",
     "Files to read, or patterns such as \"/var/log/app/*.jsonl\"; \"-\" (standard input) or a FIFO only alone."},
    {"follow", OptionType::kBoolean, "true", "",
     "Wait for more at the end of a file, and follow it when it is rotated; false: read everything once and finish."},
    {"from", OptionType::kEnum, "beginning", "beginning|end",
     "Where to begin in files that exist at the very first start; later the saved position counts."},
    {"max_line_bytes", OptionType::kBytes, "1MiB", "1KiB..16MiB",
     "Longest line; longer ones are refused. Never more than the largest event the gateway takes."},
    {"rotate_wait", OptionType::kDuration, "1s", "0s..1m",
     "How long a renamed or deleted file must be quiet before the file that took its name is read."},
    {"poll_interval", OptionType::kDuration, "1s", "10ms..1m",
     "Longest time without looking at the files; changes of local files are seen at once."},
};

constexpr std::size_t kBatchLines = 512;
constexpr auto kFirstBusyWait = 1ms;
constexpr auto kLongestBusyWait = 100ms;
// A writer that writes line by line, and a busy folder, shall not wake us for each change.
constexpr auto kGatherWait = 10ms;
constexpr std::int64_t kSaveIntervalUs = 1'000'000;
constexpr auto kLastDurableWait = 10s;
constexpr std::uint64_t kRefusalsLogged = 10;  // by name; all are counted
constexpr std::size_t kRefusedBytesKept = 64U << 10U;

/// Hands lines to the gateway as they lie in the reader's block.
class Emitter final : public LineSink {
 public:
  Emitter(const Host& host, std::uint32_t stream, bool is_json, std::size_t max_line_bytes)
      : host_(host),
        stream_(stream),
        encoding_(is_json ? SLUICE_ENCODING_JSON : SLUICE_ENCODING_RAW),
        max_line_bytes_(max_line_bytes) {}

  std::size_t take(const std::string& path, std::span<const Line> lines) override {
    std::size_t done = 0;
    while (done < lines.size()) {
      std::size_t count = 0;
      while (count < kBatchLines && done + count < lines.size() && lines[done + count].text.size() <= max_line_bytes_) {
        const std::string_view text = lines[done + count].text;
        events_[count++] = {.stream = stream_,
                            .encoding = encoding_,
                            .flags = SLUICE_EVENT_TIME_NOW,
                            .reserved = 0,
                            .event_time_us = 0,
                            .key = {nullptr, 0},
                            .payload = to_abi_bytes(text)};
      }
      if (count == 0) {
        const Line& line = lines[done++];
        refuse("line_too_long", path, {line.end - static_cast<std::int64_t>(line.text.size()) - 1, line.number},
               line.text);
        continue;
      }
      const std::size_t taken = emit(path, lines.subspan(done, count));
      done += taken;
      if (taken < count) break;
    }
    return done;
  }

  void refuse(std::string_view reason, const std::string& path, Place place, std::string_view text) override {
    refuse(reason, path, place, text, "");
  }

  /// Covers everything accepted so far; 0: nothing yet.
  [[nodiscard]] std::uint64_t ticket() const { return ticket_; }

 private:
  std::size_t emit(const std::string& path, std::span<const Line> lines) {
    std::size_t done = 0;
    auto pause = std::chrono::milliseconds(kFirstBusyWait);
    bool is_last_try = false;
    while (done < lines.size()) {
      const sluice_batch_v1 batch{sizeof(sluice_batch_v1), sizeof(sluice_event_v1), events_.data() + done,
                                  lines.size() - done};
      sluice_emit_result_v1 result{};
      result.struct_size = sizeof result;
      ErrorBuffer error;
      const sluice_status status = host_.emit(batch, result, error.get());
      done += std::min(result.accepted, lines.size() - done);
      if (result.accepted != 0) {
        ticket_ = result.ticket;
        pause = kFirstBusyWait;
      }
      if (status == SLUICE_OK) break;
      if (status == SLUICE_REFUSED) {
        const Line& line = lines[done++];
        refuse("malformed_line", path, {line.end - static_cast<std::int64_t>(line.text.size()) - 1, line.number},
               line.text, error.text());
      } else if (status == SLUICE_BUSY && !is_last_try) {
        is_last_try = !host_.wait(pause);
        pause = std::min(pause * 2, std::chrono::milliseconds(kLongestBusyWait));
      } else if (status == SLUICE_BUSY || status == SLUICE_STOPPED) {
        break;
      } else {
        throw std::runtime_error("emit: " + std::string(error.text()));
      }
    }
    return done;
  }

  void refuse(std::string_view reason, const std::string& path, Place place, std::string_view text,
              std::string_view why) {
    std::string detail = path + ":" + std::to_string(place.line) + " (byte " + std::to_string(place.offset) + ")";
    if (!why.empty()) detail += ": " + std::string(why);
    host_.refuse(reason, detail, text.substr(0, kRefusedBytesKept));
    if (++refusals_ > kRefusalsLogged) return;
    host_.log(LogLevel::kWarning, std::string(reason) + ": " + detail +
                                      (refusals_ == kRefusalsLogged ? "; further ones are only counted" : ""));
  }

  const Host host_;
  const std::uint32_t stream_;
  const std::uint32_t encoding_;
  const std::size_t max_line_bytes_;
  std::array<sluice_event_v1, kBatchLines> events_{};
  std::uint64_t ticket_ = 0;
  std::uint64_t refusals_ = 0;
};

const BoundStream& only_stream(const std::vector<BoundStream>& streams) {
  if (streams.size() == 1) return streams.front();
  throw std::runtime_error(
      "has " + std::to_string(streams.size()) +
      " streams, expected exactly one: [source.streams.NAME] with schema and message, or with format = \"raw\"");
}

class Ndjson final : public Source {
 public:
  explicit Ndjson(const Context& context)
      : Source(context),
        paths_(context.list("path")),
        is_following_(context.boolean("follow")),
        max_line_bytes_(std::min(static_cast<std::size_t>(context.bytes("max_line_bytes")),
                                 static_cast<std::size_t>(context.event_max_bytes()))),
        poll_interval_(context.duration("poll_interval")),
        saved_state_(context.saved_state()) {
    if (paths_.empty()) throw std::runtime_error("option \"path\" names no file");
    const std::vector<BoundStream> streams = context.streams();
    const BoundStream& stream = only_stream(streams);
    emitter_.emplace(context.host(), stream.number, stream.encoding != Encoding::kRaw, max_line_bytes_);
    follow_ = {.paths = paths_,
               .is_following = is_following_,
               .starts_at_end = context.choice("from") == "end",
               .rotate_wait_us = context.duration("rotate_wait").count(),
               .max_line_bytes = max_line_bytes_};
  }

  void run() override {
    if (paths_.size() == 1 && PipeReader::is_for(paths_.front())) {
      read_pipe();
    } else {
      read_files();
    }
  }

  void request_stop() override { watcher_.wake(); }

 private:
  void read_pipe() {
    PipeReader reader(paths_.front(), is_following_, max_line_bytes_);
    if (!reader.open()) throw std::runtime_error(reader.error());
    while (!is_stopping()) {
      const PipeReader::Step step = reader.step(*emitter_);
      if (step == PipeReader::Step::kFinished) return;
      if (step == PipeReader::Step::kFailed) throw std::runtime_error(reader.error());
      if (step == PipeReader::Step::kStopped) break;
      if (step == PipeReader::Step::kEmpty) (void)watcher_.wait(poll_interval_.count(), reader.descriptor());
    }
    reader.give_up(*emitter_);
  }

  void read_files() {
    Follower follower(follow_, *emitter_, [this](const std::string& text) { log_warning(text); });
    if (!saved_state_.empty() && !follower.restore(saved_state_)) {
      log_warning("the saved position cannot be read, starting without it");
    }
    std::int64_t next_scan_us = monotonic_us();
    while (!is_stopping()) {
      const std::int64_t now_us = monotonic_us();
      if (now_us >= next_scan_us) {
        follower.scan(now_us);
        watcher_.watch(follower.watched_files(), follower.watched_folders());
        next_scan_us = now_us + poll_interval_.count();
      }
      const Follower::Pass pass = follower.pass(now_us);
      if (pass == Follower::Pass::kStopped) break;
      save_what_is_durable(follower, now_us);
      if (pass == Follower::Pass::kMore) {
        is_saved_ = false;
        continue;
      }
      if (follower.is_finished()) break;
      const std::int64_t until_us = is_saved_ ? next_scan_us : std::min(next_scan_us, next_save_us_);
      const Watcher::Woken woken = watcher_.wait(until_us - now_us, -1);
      if (woken.has_folder_change) next_scan_us = 0;
      if (woken.has_more || woken.has_folder_change) (void)host().wait(kGatherWait);
    }
    save_at_the_end(follower);
    if (follower.is_finished() && !follower.first_trouble().empty()) throw std::runtime_error(follower.first_trouble());
  }

  /// Every second: notes where the reader stands, and saves it as soon as all that was emitted until then is durable.
  void save_what_is_durable(const Follower& follower, std::int64_t now_us) {
    if (!noted_state_ && now_us >= next_save_us_) {
      std::string state = follower.state();
      is_saved_ = state == saved_state_;
      if (!is_saved_) {
        noted_state_ = std::move(state);
        noted_ticket_ = emitter_->ticket();
      }
      next_save_us_ = now_us + kSaveIntervalUs;
    }
    if (noted_state_ && is_durable(noted_ticket_, 0ms)) save(std::move(*std::exchange(noted_state_, std::nullopt)));
  }

  void save_at_the_end(const Follower& follower) {
    if (is_durable(emitter_->ticket(), kLastDurableWait)) {
      save(follower.state());
    } else {
      log_warning("what was read last is not durable yet: it will be read again");
    }
  }

  [[nodiscard]] bool is_durable(std::uint64_t ticket, std::chrono::milliseconds timeout) const {
    return ticket == 0 || host().wait_durable(ticket, timeout) == Durability::kDurable;
  }

  void save(std::string state) {
    if (state == saved_state_) return;
    host().save_state(state);
    saved_state_ = std::move(state);
  }

  [[nodiscard]] std::int64_t monotonic_us() const { return host().monotonic().count(); }

  const std::vector<std::string> paths_;
  const bool is_following_;
  const std::size_t max_line_bytes_;
  const Duration poll_interval_;
  FollowOptions follow_;
  Watcher watcher_;  // wake(): any thread
  std::optional<Emitter> emitter_;
  std::string saved_state_;
  std::optional<std::string> noted_state_;  // waits for noted_ticket_ to be durable
  std::uint64_t noted_ticket_ = 0;
  std::int64_t next_save_us_ = 0;
  bool is_saved_ = true;
};

}  // namespace
}  // namespace sluice::ndjson

SLUICE_PLUGIN(sluice::ndjson::Ndjson,
              sluice::Description{
                  .version = "1.0.0",
                  .description = "Reads lines of files, FIFOs or standard input; JSON of any schema, or raw.",
                  .options = sluice::ndjson::kOptions,
                  .streams_from_config = true});
