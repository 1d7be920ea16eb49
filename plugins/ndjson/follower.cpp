#include "ndjson/follower.hpp"

#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

namespace sluice::ndjson {
namespace {

constexpr int kBlocksPerTurn = 4;                    // then the next file has its turn
constexpr std::size_t kRememberedFiles = 1024;       // files read to their end whose position is kept
constexpr std::size_t kMaxStateBytes = 900U << 10U;  // the gateway keeps up to 1 MiB

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { closedir(directory); }
};

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_pattern(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

}  // namespace

Follower::Follower(FollowOptions options, LineSink& sink, Warn warn)
    : options_(std::move(options)), sink_(sink), warn_(std::move(warn)), block_(options_.max_line_bytes) {}

bool Follower::restore(std::string_view state) {
  std::optional<std::vector<Position>> positions = decode_positions(state);
  if (!positions) return false;
  for (Position& position : *positions) {
    auto file = std::make_unique<File>(std::move(position));
    file->home = file->tail.position().path;
    files_.push_back(std::move(file));
  }
  is_restored_ = true;
  return true;
}

void Follower::scan(std::int64_t now_us) {
  std::vector<bool> was_current;
  for (const auto& file : files_) {
    was_current.push_back(file->is_current);
    file->is_current = false;
  }
  for (const std::string& pattern : options_.paths) {
    for (const std::string& path : candidates(pattern)) find(path, now_us);
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    File& file = *files_[i];
    if (file.is_current) continue;
    if (i < was_current.size() && was_current[i]) file.quiet_since_us = now_us;
    if (!is_first_scan_ || file.is_done) continue;
    if (is_wanted(file.home)) {
      look_for_moved(file, now_us);
    } else {
      file.is_done = true;  // the configuration named it once
    }
  }
  is_first_scan_ = false;
  forget_oldest();
}

std::vector<std::string> Follower::candidates(const std::string& pattern) {
  if (!is_pattern(pattern)) return {pattern};
  std::vector<std::string> paths;
  glob_t found{};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (paths.empty()) {
    complain(pattern, "matches no file yet");
  } else {
    complaints_.erase(pattern);
  }
  return paths;
}

void Follower::find(const std::string& path, std::int64_t now_us) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) {
    const int why = errno;
    complain(path, std::strerror(why));
    if (why == ENOENT || why == ENOTDIR) return;
    // It may still be there, behind a folder or a server that does not answer: not a reason to close it.
    for (const auto& file : files_) file->is_current = file->is_current || file->tail.position().path == path;
    return;
  }
  const Identity identity{facts.st_dev, facts.st_ino};
  const auto known = std::find_if(files_.begin(), files_.end(),
                                  [&](const auto& file) { return file->tail.position().identity == identity; });
  std::unique_ptr<File> added;
  File* file = nullptr;
  if (known != files_.end()) {
    file = known->get();
    file->is_current = true;
    file->tail.set_path(path);
    if (file->tail.is_open() || (file->is_done && facts.st_size == file->tail.position().offset)) return;
  } else {
    added = std::make_unique<File>(Position{});
    added->home = path;
    added->is_current = true;
    file = added.get();
  }
  if (!file->tail.open(path)) {
    file->has_failed = true;
    if (!file->tail.is_other_file()) complain(path, file->tail.error());  // else the next scan finds that one
    return;
  }
  complaints_.erase(path);
  file->has_failed = false;
  file->is_done = false;
  file->quiet_since_us = now_us;
  if (added) {
    if (is_first_scan_ && options_.starts_at_end && !is_restored_) file->tail.skip_to_end();
    file->tail.was_rewritten();
    files_.push_back(std::move(added));
  } else if (file->tail.was_rewritten()) {
    warn_(path + ": has other content than before, reading it from its beginning");
  }
}

bool Follower::is_wanted(const std::string& path) const {
  return std::any_of(options_.paths.begin(), options_.paths.end(), [&](const std::string& wanted) {
    return wanted == path || fnmatch(wanted.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  });
}

void Follower::look_for_moved(File& file, std::int64_t now_us) {
  const std::string folder = folder_of(file.tail.position().path);
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(folder.c_str()));
  while (directory) {
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr) break;
    if (entry->d_ino != file.tail.position().identity.inode) continue;
    const std::string path = folder + "/" + entry->d_name;
    const std::string home = file.tail.position().path;
    if (!file.tail.open(path)) continue;
    if (file.tail.was_rewritten()) break;  // another file that was given the number of ours
    file.quiet_since_us = now_us;
    return;
  }
  file.tail.close();
  file.is_done = true;
  complain(file.home, "the file read last is gone (" + std::to_string(file.tail.position().offset) +
                          " bytes of it were read); what was added to it afterwards is not known");
}

bool Follower::is_waiting(std::size_t index) const {
  return std::any_of(files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(index), [&](const auto& earlier) {
    return earlier->tail.is_open() && !earlier->is_current && earlier->home == files_[index]->home;
  });
}

Follower::Pass Follower::pass(std::int64_t now_us) {
  bool did_read = false;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!files_[i]->tail.is_open() || is_waiting(i)) continue;
    if (!read(*files_[i], now_us, did_read)) return Pass::kStopped;
  }
  return did_read ? Pass::kMore : Pass::kIdle;
}

bool Follower::read(File& file, std::int64_t now_us, bool& did_read) {
  bool takes_unfinished = false;
  for (int i = 0; i < kBlocksPerTurn; ++i) {
    const Tail::Step step = file.tail.step(block_, sink_, takes_unfinished);
    if (file.tail.was_rewritten()) warn_(file.tail.position().path + ": was truncated, reading it from its beginning");
    switch (step) {
      case Tail::Step::kMore:
        did_read = true;
        file.quiet_since_us = now_us;
        break;
      case Tail::Step::kStopped:
        return false;
      case Tail::Step::kFailed:
        complain(file.tail.position().path, file.tail.error());
        file.has_failed = true;
        file.tail.close();
        return true;
      case Tail::Step::kEnd: {
        const bool has_moved_away = !file.is_current && now_us - file.quiet_since_us >= options_.rotate_wait_us;
        if (options_.is_following && !has_moved_away) return true;
        if (takes_unfinished) {
          file.tail.close();
          file.is_done = true;
          did_read = true;  // whoever waits for this file may go on at once
          return true;
        }
        takes_unfinished = true;
        break;
      }
    }
  }
  return true;
}

bool Follower::is_finished() const {
  return !options_.is_following &&
         std::none_of(files_.begin(), files_.end(), [](const auto& file) { return file->tail.is_open(); });
}

std::string Follower::first_trouble() const {
  const auto trouble =
      std::find_if(complaints_.begin(), complaints_.end(), [](const auto& entry) { return !is_pattern(entry.first); });
  return trouble == complaints_.end() ? std::string() : trouble->first + ": " + trouble->second;
}

std::string Follower::state() const {
  std::vector<Position> positions;
  for (const bool is_done : {true, false}) {  // what is still read comes last: it is what must fit
    for (const auto& file : files_) {
      if (file->is_done == is_done && file->tail.position().identity != Identity{})
        positions.push_back(file->tail.position());
    }
  }
  return encode_positions(positions, kMaxStateBytes);
}

void Follower::forget_oldest() {
  auto done =
      static_cast<std::size_t>(std::count_if(files_.begin(), files_.end(), [](const auto& f) { return f->is_done; }));
  std::erase_if(files_, [&](const auto& file) {
    if (done <= kRememberedFiles || !file->is_done || file->is_current) return false;
    --done;
    return true;
  });
}

void Follower::complain(const std::string& path, const std::string& what) {
  std::string& told = complaints_[path];
  if (told != what) warn_(path + ": " + what);
  told = what;
}

std::vector<std::string> Follower::watched_files() const {
  std::vector<std::string> paths;
  for (const auto& file : files_) {
    if (file->tail.is_open()) paths.push_back(file->tail.position().path);
  }
  return paths;
}

std::vector<std::string> Follower::watched_folders() const {
  std::set<std::string> folders;
  for (const std::string& path : options_.paths) folders.insert(folder_of(path));
  return {folders.begin(), folders.end()};
}

}  // namespace sluice::ndjson
