#include "ndjson/pipe_reader.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::ndjson {

PipeReader::PipeReader(std::string path, bool is_following, std::size_t max_line_bytes)
    : path_(std::move(path)), is_following_(is_following), is_stdin_(path_ == "-"), block_(max_line_bytes) {}

bool PipeReader::is_for(const std::string& path) {
  struct stat facts {};
  return path == "-" || (stat(path.c_str(), &facts) == 0 && (S_ISFIFO(facts.st_mode) || S_ISCHR(facts.st_mode)));
}

bool PipeReader::open() {
  if (is_stdin_) return true;
  struct stat facts {};
  const bool is_fifo = stat(path_.c_str(), &facts) == 0 && S_ISFIFO(facts.st_mode);
  // A FIFO that we could write to ourselves never ends, whoever comes and goes.
  const int mode = is_fifo && is_following_ ? O_RDWR : O_RDONLY;
  file_ = Descriptor(::open(path_.c_str(), mode | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file_.is_open()) error_ = path_ + ": " + std::strerror(errno);
  return file_.is_open();
}

PipeReader::Step PipeReader::step(LineSink& sink) {
  std::span<char> bytes = block_.bytes();
  if (used_ == bytes.size()) {  // lines that the sink did not take before
    const Step step = hand_over(sink, false);
    if (step != Step::kMore || used_ == bytes.size()) return step;
  }
  pollfd ready{descriptor(), POLLIN, 0};
  const int count = poll(&ready, 1, 0);
  if (count == 0 || (count < 0 && errno == EINTR)) return Step::kEmpty;
  // Our descriptor 0 may block (it is shared with whoever started us), but not behind a poll that says there is
  // something.
  const ssize_t got = read(descriptor(), bytes.data() + used_, bytes.size() - used_);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Step::kEmpty;
  if (got < 0) {
    error_ = path_ + ": read: " + std::strerror(errno);
    return Step::kFailed;
  }
  used_ += static_cast<std::size_t>(got);
  const Step step = hand_over(sink, got == 0);
  return got == 0 && step == Step::kMore ? Step::kFinished : step;
}

PipeReader::Step PipeReader::hand_over(LineSink& sink, bool is_last) {
  std::span<char> bytes = block_.bytes();
  std::string_view text(bytes.data(), used_);
  if (is_skipping_) {
    const std::size_t newline = text.find('\n');
    const std::size_t skipped = newline == std::string_view::npos ? text.size() : newline + 1;
    is_skipping_ = newline == std::string_view::npos;
    place_.offset += static_cast<std::int64_t>(skipped);
    place_.line += is_skipping_ ? 0 : 1;
    text.remove_prefix(skipped);
  }
  lines_.clear();
  Place behind = split_lines(text, place_, lines_);
  std::size_t consumed = static_cast<std::size_t>(behind.offset - place_.offset);
  if (is_last && consumed < text.size()) {
    const std::string_view rest = text.substr(consumed);
    behind = {behind.offset + static_cast<std::int64_t>(rest.size()), behind.line + 1};
    if (!is_blank(rest)) lines_.push_back({rest, behind.line, behind.offset});
  }
  const std::size_t taken = lines_.empty() ? 0 : sink.take(path_, lines_);
  const bool is_all = taken == lines_.size();
  if (!is_all) behind = taken == 0 ? place_ : Place{lines_[taken - 1].end, lines_[taken - 1].number};
  consumed = static_cast<std::size_t>(behind.offset - place_.offset);
  place_ = behind;
  text.remove_prefix(consumed);
  if (is_all && text.size() > block_.max_line_bytes() + 1) {
    sink.refuse("line_too_long", path_, {place_.offset, place_.line + 1}, text);
    place_.offset += static_cast<std::int64_t>(text.size());
    text = {};
    is_skipping_ = true;
  }
  if (!text.empty()) std::memmove(bytes.data(), text.data(), text.size());
  used_ = text.size();
  if (is_all && used_ == bytes.size()) block_.grow();
  return is_all ? Step::kMore : Step::kStopped;
}

void PipeReader::give_up(LineSink& sink) {
  const std::string_view text(block_.bytes().data(), used_);
  lines_.clear();
  const Place behind = split_lines(text, place_, lines_);
  for (const Line& line : lines_) sink.refuse("unread_at_stop", path_, {line.end, line.number}, line.text);
  const std::string_view rest = text.substr(static_cast<std::size_t>(behind.offset - place_.offset));
  if (!is_blank(rest)) sink.refuse("unfinished_at_stop", path_, {behind.offset, behind.line + 1}, rest);
  used_ = 0;
}

}  // namespace sluice::ndjson
