#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::json_files {

/// A file that is written under a name of its own ("NAME.INSTANCE.part") and gets its real name when it is finished, so
/// that whoever finds the real name finds a whole file. Errors: std::runtime_error naming the path and what the system
/// said. Thread: one at a time.
class PartFile {
 public:
  /// A new file; fails when it exists.
  static PartFile create(std::string path);
  /// One that exists, cut back to `length` bytes (when it is longer), to be written on.
  static PartFile reopen(std::string path, std::int64_t length);

  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&& other) noexcept;
  ~PartFile();

  /// After a failure the end of the file is unknown: reopen it at a known length.
  void write(std::string_view bytes);
  /// Blocks for one fdatasync.
  void sync();

  [[nodiscard]] std::int64_t length() const { return length_; }

 private:
  PartFile(int file, std::string path, std::int64_t length) : file_(file), path_(std::move(path)), length_(length) {}

  int file_;
  std::string path_;
  std::int64_t length_;
};

/// Gives a finished file its name, for good: also after a power cut. False: the name is taken; nothing was changed.
bool rename_durably(const std::string& from, const std::string& to);

/// -1: there is no such file.
std::int64_t size_of(const std::string& path);

/// Bytes up to and with the last line end, looked for in the last MiB.
std::int64_t whole_lines_of(const std::string& path);

}  // namespace sluice::json_files
