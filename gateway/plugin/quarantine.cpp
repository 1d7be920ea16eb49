#include "plugin/quarantine.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

namespace sluice::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = "sluice-quarantine 1";
constexpr std::string_view kRunning = "running ";
constexpr std::size_t kFileMaxBytes = 1UL << 20U;

Status io_error(const std::string& what) { return {Code::kIo, what + ": " + std::strerror(errno)}; }

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// Replaces a small file so that a reader, also after a power cut, sees the old or the new one.
Status replace_file(const fs::path& file, std::string_view text) {
  const fs::path temporary = file.string() + ".tmp";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return io_error("create " + temporary.string());
  Status written = write_all(fd, text);
  if (written.ok() && ::fsync(fd) != 0) written = io_error("fsync");
  ::close(fd);
  if (!written.ok()) return std::move(written).with_context(temporary.string());
  if (::rename(temporary.c_str(), file.c_str()) != 0) return io_error("rename " + temporary.string());
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    (void)::fsync(folder);  // unsynced, the crash is at worst counted once less
    ::close(folder);
  }
  return {};
}

/// Takes the next word off `line`; empty at its end.
std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

template <class Number>
bool parse_number(std::string_view word, Number& out) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc() && end == word.data() + word.size() && !word.empty();
}

bool parse_times(std::string_view word, std::vector<std::int64_t>& out) {
  if (word == "-") return true;
  while (!word.empty()) {
    const std::size_t end = std::min(word.find(','), word.size());
    std::int64_t time = 0;
    if (!parse_number(word.substr(0, end), time)) return false;
    out.push_back(time);
    word.remove_prefix(std::min(end + 1, word.size()));
  }
  return !out.empty() && out.size() <= kQuarantineCrashes;
}

/// A clock that was set back must neither keep a crash for ever nor forget one: both directions have the same window.
void forget_old(std::vector<std::int64_t>& crashes_us, std::int64_t now_us) {
  std::erase_if(crashes_us, [now_us](std::int64_t at) {
    return at > now_us + kQuarantineWindowUs || at < now_us - kQuarantineWindowUs;
  });
}

}  // namespace

Result<std::unique_ptr<Quarantine>> Quarantine::open(const fs::path& state_dir, const Clock& clock, Mode mode) {
  std::unique_ptr<Quarantine> quarantine(new Quarantine(state_dir, clock, mode));
  quarantine->records_ = parse(state_dir / "quarantine");
  if (mode == Mode::kRun) {
    if (Status begun = quarantine->begin_run(); !begun.ok()) return begun.with_context("quarantine");
  }
  return quarantine;
}

Quarantine::Quarantine(fs::path state_dir, const Clock& clock, Mode mode)
    : state_dir_(std::move(state_dir)), clock_(clock), mode_(mode) {}

Quarantine::~Quarantine() {
  if (marker_ >= 0) ::close(marker_);
}

Status Quarantine::begin_run() {
  const fs::path run = state_dir_ / "run";
  std::error_code error;
  fs::create_directories(run, error);
  if (error) return {Code::kIo, "create " + run.string() + ": " + error.message()};

  const fs::path marker = run / "gateway";
  marker_ = ::open(marker.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (marker_ < 0) return io_error("open " + marker.string());
  if (::flock(marker_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error("lock " + marker.string());
    return {Code::kUnavailable, "another gateway is running with state_dir " + state_dir_.string()};
  }
  char text[kRunning.size()] = {};
  const bool was_unclean = ::pread(marker_, text, sizeof text, 0) == static_cast<ssize_t>(sizeof text) &&
                           std::string_view(text, sizeof text) == kRunning;
  if (was_unclean) {
    last_crash_ = breadcrumb::read(run / "breadcrumb");
    count_crashes();
    if (!last_crash_.empty()) {
      if (Status saved = save(); !saved.ok()) return saved;
    }
  }
  if (::ftruncate(marker_, 0) != 0 || ::lseek(marker_, 0, SEEK_SET) != 0)
    return io_error("truncate " + marker.string());
  if (Status written = write_all(marker_, std::string(kRunning) + std::to_string(::getpid()) + "\n"); !written.ok()) {
    return written.with_context(marker.string());
  }
  return breadcrumb::open(run / "breadcrumb");
}

void Quarantine::count_crashes() {
  const std::int64_t now_us = clock_.wall_us();
  std::set<std::string> counted;
  for (const breadcrumb::Crumb& crumb : last_crash_) {
    if (!counted.insert(crumb.instance).second) continue;
    Record& record = records_[crumb.instance];
    forget_old(record.crashes_us, now_us);
    record.crashes_us.push_back(now_us);
    record.last = crumb;
    if (record.crashes_us.size() < kQuarantineCrashes) continue;
    if (record.quarantined_us == 0) record.quarantined_us = now_us;
    record.crashes_us.erase(record.crashes_us.begin(), record.crashes_us.end() - kQuarantineCrashes);
  }
}

std::optional<std::string> Quarantine::is_quarantined(std::string_view instance, const fs::path& plugin) {
  const FileFacts facts = facts_of(plugin);
  const std::lock_guard lock(mutex_);
  auto found = records_.find(instance);
  const bool is_changed = found == records_.end() || found->second.plugin != facts;
  if (is_changed && mode_ == Mode::kRun) {
    // The file that crashed is no longer the one that would run: it starts with a clean sheet.
    Record fresh;
    fresh.plugin = facts;
    records_.insert_or_assign(std::string(instance), std::move(fresh));
    (void)save();  // on failure the next start sees a changed file again, and forgives once more
    return std::nullopt;
  }
  if (is_changed || found->second.quarantined_us == 0) return std::nullopt;
  return "instance '" + std::string(instance) + "' is quarantined: it crashed the gateway " +
         std::to_string(found->second.crashes_us.size()) + " times within 10 minutes, last it was " +
         found->second.last.to_string() + "; lift it with: sluice plugins --reset " + std::string(instance);
}

std::vector<QuarantineEntry> Quarantine::list() const {
  const std::int64_t now_us = clock_.wall_us();
  const std::lock_guard lock(mutex_);
  std::vector<QuarantineEntry> entries;
  for (const auto& [instance, record] : records_) {
    std::vector<std::int64_t> crashes_us = record.crashes_us;
    if (record.quarantined_us == 0) forget_old(crashes_us, now_us);
    if (crashes_us.empty()) continue;
    entries.push_back({instance, crashes_us.size(), record.quarantined_us != 0, record.last.to_string()});
  }
  return entries;
}

Status Quarantine::reset(std::string_view instance) {
  const std::lock_guard lock(mutex_);
  // Another process may have written since: a reset must change nothing but its own line.
  if (mode_ == Mode::kInspect) records_ = parse(state_dir_ / "quarantine");
  const auto found = records_.find(instance);
  if (found == records_.end() || found->second.crashes_us.empty()) {
    return {Code::kNotFound, "instance '" + std::string(instance) + "' has no crash on record"};
  }
  found->second.quarantined_us = 0;
  found->second.crashes_us.clear();
  return save();
}

Status Quarantine::mark_clean_exit() {
  if (marker_ < 0) return {};
  if (::ftruncate(marker_, 0) != 0 || ::lseek(marker_, 0, SEEK_SET) != 0) return io_error("mark the clean exit");
  return write_all(marker_, "clean\n");
}

Status Quarantine::save() const {
  std::string text = std::string(kHeader) + "\n";
  for (const auto& [instance, record] : records_) {
    if (instance.empty() || instance.find('\n') != std::string::npos) continue;
    std::string times;
    for (const std::int64_t at : record.crashes_us) times += (times.empty() ? "" : ",") + std::to_string(at);
    text += std::to_string(record.plugin.mtime_ns) + " " + std::to_string(record.plugin.size) + " " +
            std::to_string(record.quarantined_us) + " " + (times.empty() ? "-" : times) + " " +
            std::to_string(static_cast<std::uint32_t>(record.last.cause)) + " " + std::to_string(record.last.signal) +
            " " + (record.last.call.empty() ? "-" : record.last.call) + " " + instance + "\n";
  }
  return replace_file(state_dir_ / "quarantine", text);
}

Quarantine::Records Quarantine::parse(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kFileMaxBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));

  Records records;
  std::string_view rest = text;
  for (bool is_first = true; !rest.empty(); is_first = false) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (is_first && line != kHeader) return records;
    Record record;
    std::uint32_t cause = 0;
    const bool is_readable =
        parse_number(take_word(line), record.plugin.mtime_ns) && parse_number(take_word(line), record.plugin.size) &&
        parse_number(take_word(line), record.quarantined_us) && parse_times(take_word(line), record.crashes_us) &&
        parse_number(take_word(line), cause) && parse_number(take_word(line), record.last.signal);
    if (!is_readable || cause > static_cast<std::uint32_t>(breadcrumb::Cause::kHung)) continue;
    record.last.cause = static_cast<breadcrumb::Cause>(cause);
    record.last.call = std::string(take_word(line));
    record.last.instance = std::string(line);
    if (!line.empty()) records.insert_or_assign(std::string(line), std::move(record));
  }
  return records;
}

Quarantine::FileFacts Quarantine::facts_of(const fs::path& plugin) {
  struct stat facts {};
  if (::stat(plugin.c_str(), &facts) != 0) return {};
  return {facts.st_mtim.tv_sec * std::int64_t{1'000'000'000} + facts.st_mtim.tv_nsec,
          static_cast<std::uint64_t>(facts.st_size)};
}

}  // namespace sluice::plugin
