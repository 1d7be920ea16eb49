#include "ndjson/tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::ndjson {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    value_ = std::exchange(other.value_, -1);
  }
  return *this;
}

void Descriptor::reset() {
  if (value_ >= 0) ::close(value_);
  value_ = -1;
}

bool Tail::open(const std::string& path) {
  is_other_file_ = false;
  // Not blocking: the path may have become a FIFO since it was looked at.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat facts {};
  if (!file.is_open() || fstat(file.get(), &facts) != 0) {
    error_ = std::strerror(errno);
    return false;
  }
  if (!S_ISREG(facts.st_mode)) {
    error_ = S_ISDIR(facts.st_mode) ? "is a folder, expected a file" : "is not a regular file";
    return false;
  }
  const Identity identity{facts.st_dev, facts.st_ino};
  const bool is_new = position_.identity == Identity{};
  if (!is_new && identity != position_.identity) {
    is_other_file_ = true;
    return false;
  }
  file_ = std::move(file);
  position_.identity = identity;
  position_.path = path;
  is_at_end_ = false;
  unfinished_bytes_ = 0;
  if (!has_our_content(facts.st_size)) start_over();
  return true;
}

void Tail::skip_to_end() {
  struct stat facts {};
  if (fstat(file_.get(), &facts) != 0 || facts.st_size == 0) return;
  char last = 0;
  position_.offset = facts.st_size;
  position_.is_skipping = pread(file_.get(), &last, 1, facts.st_size - 1) == 1 && last != '\n';
  note_fingerprint();
}

Tail::Step Tail::step(Block& block, LineSink& sink, bool takes_unfinished) {
  if (is_at_end_) {
    struct stat facts {};
    if (fstat(file_.get(), &facts) != 0) return fail("fstat");
    if (facts.st_size == position_.offset + unfinished_bytes_ && !takes_unfinished) return Step::kEnd;
    if (!has_our_content(facts.st_size)) {
      if (unfinished_bytes_ > 0) {
        sink.refuse("truncated_line", position_.path, {position_.offset, position_.line + 1}, {});
      }
      start_over();
    }
    is_at_end_ = false;
  }
  std::span<char> bytes = block.bytes();
  const ssize_t got = pread(file_.get(), bytes.data(), bytes.size(), position_.offset);
  if (got < 0) return errno == EINTR ? Step::kMore : fail("read");
  std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  if (text.empty()) {
    is_at_end_ = true;
    unfinished_bytes_ = 0;
    return Step::kEnd;
  }
  if (position_.is_skipping) {
    const std::size_t newline = text.find('\n');
    if (newline == std::string_view::npos) {
      position_.offset += got;
      return Step::kMore;
    }
    position_.offset += static_cast<std::int64_t>(newline) + 1;
    ++position_.line;
    position_.is_skipping = false;
    text.remove_prefix(newline + 1);
  } else if (position_.offset == 0 && text.starts_with(kByteOrderMark)) {
    position_.offset += static_cast<std::int64_t>(kByteOrderMark.size());
    text.remove_prefix(kByteOrderMark.size());
  }
  if (text.find('\n') != std::string_view::npos) return take_lines(text, sink);

  // One unfinished line.
  if (text.size() > block.max_line_bytes() + 1) {
    sink.refuse("line_too_long", position_.path, {position_.offset, position_.line + 1}, text);
    position_.offset += static_cast<std::int64_t>(text.size());
    position_.is_skipping = true;
    return Step::kMore;
  }
  if (static_cast<std::size_t>(got) == bytes.size()) {
    block.grow();
    return Step::kMore;
  }
  if (takes_unfinished) {
    const Line line{text, position_.line + 1, position_.offset + static_cast<std::int64_t>(text.size())};
    if (!is_blank(text) && sink.take(position_.path, {&line, 1}) == 0) return Step::kStopped;
    position_.offset = line.end;
    position_.line = line.number;
    note_fingerprint();
    return Step::kMore;
  }
  is_at_end_ = true;
  unfinished_bytes_ = static_cast<std::int64_t>(text.size());
  return Step::kEnd;
}

Tail::Step Tail::take_lines(std::string_view text, LineSink& sink) {
  lines_.clear();
  Place behind = split_lines(text, {position_.offset, position_.line}, lines_);
  const std::size_t taken = lines_.empty() ? 0 : sink.take(position_.path, lines_);
  const bool is_all = taken == lines_.size();
  if (!is_all)
    behind =
        taken == 0 ? Place{position_.offset, position_.line} : Place{lines_[taken - 1].end, lines_[taken - 1].number};
  position_.offset = behind.offset;
  position_.line = behind.line;
  note_fingerprint();
  return is_all ? Step::kMore : Step::kStopped;
}

bool Tail::was_rewritten() { return std::exchange(was_rewritten_, false); }

void Tail::start_over() {
  was_rewritten_ = true;
  position_.offset = 0;
  position_.line = 0;
  position_.fingerprint = {};
  position_.is_skipping = false;
  unfinished_bytes_ = 0;
}

bool Tail::has_our_content(std::int64_t size) const {
  if (size < position_.offset) return false;
  if (position_.fingerprint.size == 0) return true;
  return fingerprint_of(file_.get(), position_.fingerprint.size) == position_.fingerprint;
}

Tail::Step Tail::fail(const char* what) {
  error_ = std::string(what) + ": " + std::strerror(errno);
  return Step::kFailed;
}

void Tail::note_fingerprint() {
  if (position_.fingerprint.size == Fingerprint::kMaxBytes || position_.offset <= position_.fingerprint.size) return;
  if (const auto fingerprint = fingerprint_of(file_.get(), position_.offset)) position_.fingerprint = *fingerprint;
}

}  // namespace sluice::ndjson
