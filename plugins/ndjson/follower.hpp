#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ndjson/lines.hpp"
#include "ndjson/tail.hpp"

namespace sluice::ndjson {

struct FollowOptions {
  std::vector<std::string> paths;  ///< files, or patterns as a shell expands them
  bool is_following = true;        ///< false: every file once, to its end
  bool starts_at_end = false;      ///< files that exist at the very first start: only what is added to them
  std::int64_t rotate_wait_us = 1'000'000;
  std::size_t max_line_bytes = 1U << 20U;
};

/// Reads a changing set of files in order. A file is known by its identity, not by its name: renamed, it is read to its
/// end before the file that took its name; found again under another name, it is not read twice. Thread: one at a time.
class Follower {
 public:
  using Warn = std::function<void(const std::string&)>;
  enum class Pass { kMore, kIdle, kStopped };

  /// `sink` outlives the follower. `warn` is told once about each trouble with a file, and again after it was gone.
  Follower(FollowOptions options, LineSink& sink, Warn warn);

  /// Goes on where state() was taken. False: not a text of state(); the follower is as it was.
  bool restore(std::string_view state);

  /// Looks which files there are. `now_us` is monotonic, as in pass().
  void scan(std::int64_t now_us);

  /// Reads a little of each file that has something new.
  Pass pass(std::int64_t now_us);

  /// Not following, and nothing is left to read.
  [[nodiscard]] bool is_finished() const;
  /// A file that is wanted and cannot be read, and why; empty when all is well. A pattern without files is no trouble.
  [[nodiscard]] std::string first_trouble() const;

  /// Everything the sink took so far, as text for restore().
  [[nodiscard]] std::string state() const;

  /// Files that are open, and the folders where files of the given paths may appear.
  [[nodiscard]] std::vector<std::string> watched_files() const;
  [[nodiscard]] std::vector<std::string> watched_folders() const;

 private:
  struct File {
    explicit File(Position position) : tail(std::move(position)) {}
    Tail tail;
    std::string home;         // the path it was first found at; files of one home are read one after the other
    bool is_current = false;  // found by the last scan
    bool is_done = false;     // read to its end, and not to be read on unless it is found again with more in it
    bool has_failed = false;
    std::int64_t quiet_since_us = 0;
  };

  [[nodiscard]] std::vector<std::string> candidates(const std::string& pattern);
  void find(const std::string& path, std::int64_t now_us);
  [[nodiscard]] bool is_wanted(const std::string& path) const;
  void look_for_moved(File& file, std::int64_t now_us);
  bool read(File& file, std::int64_t now_us, bool& did_read);
  [[nodiscard]] bool is_waiting(std::size_t index) const;
  void forget_oldest();
  void complain(const std::string& path, const std::string& what);

  const FollowOptions options_;
  LineSink& sink_;
  const Warn warn_;
  Block block_;
  std::vector<std::unique_ptr<File>> files_;       // in the order they are read
  std::map<std::string, std::string> complaints_;  // path -> the trouble told last
  bool is_first_scan_ = true;
  bool is_restored_ = false;
};

}  // namespace sluice::ndjson
