#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_files/part_file.hpp"

namespace sluice::json_files {

struct FilesOptions {
  std::string directory;
  std::string name;  ///< pattern: {topic} {date} {time} {seq} {instance}; may lead into folders below the directory
  std::string instance;
  std::int64_t max_bytes = 64 << 20;
  std::int64_t max_age_us = 0;  ///< 0: no limit
};

/// The problem with a name pattern, or empty. `topics`: how many share it.
std::string problem_of_name(std::string_view pattern, std::size_t topics);

/// What a snapshot knows of one file.
struct SavedFile {
  bool is_open = false;  ///< written on, else finished
  std::int64_t length = 0;
  std::int64_t opened_us = 0;
  std::uint64_t number = 0;
  std::string topic;
  std::string name;
};

/// Text for a snapshot: "sluice-json-files 1", then one line per file.
std::string encode_files(const std::vector<SavedFile>& files);
/// Absent when the text is not one that encode_files writes.
std::optional<std::vector<SavedFile>> decode_files(std::string_view text);

/// The files of one topic: one that is written, and those that are finished but wait for a snapshot that knows it,
/// before they get their name. So a restart from the snapshot can always cut back to exactly what the snapshot covers.
/// Errors: std::runtime_error with path and reason; the host then restarts the instance. Thread: one at a time.
class TopicFiles {
 public:
  TopicFiles(std::string topic, FilesOptions options);

  /// Buffers one row; may write and rotate.
  void append(std::string_view row, std::int64_t now_us);
  /// Writes what is buffered, so that a reader of the part file sees it.
  void flush();
  /// Rotates by age; names the finished files that may have their name.
  void tick(std::int64_t now_us);

  /// Makes everything durable, and adds what a restart needs.
  void save(std::vector<SavedFile>& files);
  /// Goes on where save() was: for each of its files, before the first append. Returns what is wrong with the file, if
  /// anything: it was deleted or cut by somebody else, and the rest of it is taken for finished.
  std::string load(const SavedFile& file);
  /// The instance ends: everything that a snapshot covers, or everything when none was ever made, gets its name.
  void close();

  [[nodiscard]] const std::string& topic() const { return topic_; }
  /// The part file of this name, and the finished one.
  [[nodiscard]] static std::string part_path(const FilesOptions& options, const std::string& name);
  [[nodiscard]] static std::string final_path(const FilesOptions& options, const std::string& name);

 private:
  struct Open {
    std::string name;
    PartFile file;
    std::int64_t opened_us = 0;
    std::uint64_t number = 0;
    std::int64_t saved_length = -1;  // -1: no snapshot knows it
  };
  struct Finished {
    std::string name;
    std::int64_t length = 0;
    std::int64_t finished_us = 0;
    std::uint64_t number = 0;
    bool is_saved = false;
  };

  void open(std::int64_t now_us);
  void finish(std::int64_t now_us);
  void give_name(const std::string& name) const;

  const std::string topic_;
  const FilesOptions options_;
  std::string buffer_;
  std::optional<Open> open_;
  std::vector<Finished> finished_;
  std::uint64_t next_number_ = 1;
  bool was_saved_ = false;
  bool has_failed_ = false;
};

}  // namespace sluice::json_files
