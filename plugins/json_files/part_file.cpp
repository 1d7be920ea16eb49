#include "json_files/part_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>
#include <vector>

namespace sluice::json_files {
namespace {

[[noreturn]] void fail(const char* what, const std::string& path, int error) {
  throw std::runtime_error(std::string(what) + " " + path + ": " + std::strerror(error));
}

void sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) fail("open", folder, errno);
  const int result = fsync(file);
  const int error = errno;
  close(file);
  if (result != 0 && error != EINVAL) fail("fsync", folder, error);  // EINVAL: a file system that has no such thing
}

}  // namespace

PartFile PartFile::create(std::string path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) fail("create", path, errno);
  PartFile made(file, std::move(path), 0);
  sync_folder_of(made.path_);
  return made;
}

PartFile PartFile::reopen(std::string path, std::int64_t length) {
  const int file = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) fail("open", path, errno);
  PartFile made(file, std::move(path), length);
  struct stat facts {};
  if (fstat(file, &facts) != 0) fail("stat", made.path_, errno);
  made.length_ = std::min<std::int64_t>(length, facts.st_size);
  if (facts.st_size > length && ftruncate(file, length) != 0) fail("truncate", made.path_, errno);
  return made;
}

PartFile::PartFile(PartFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)), path_(std::move(other.path_)), length_(other.length_) {}

PartFile& PartFile::operator=(PartFile&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(path_, other.path_);
  std::swap(length_, other.length_);
  return *this;
}

PartFile::~PartFile() {
  if (file_ >= 0) close(file_);
}

void PartFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path_, errno);
    length_ += written;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void PartFile::sync() {
  if (fdatasync(file_) != 0) fail("fdatasync", path_, errno);
}

bool rename_durably(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return false;
    if (errno != EINVAL && errno != ENOSYS) fail("rename", from, errno);
    // A file system that cannot: nobody else makes files of our names, so looking first is as good.
    if (size_of(to) >= 0) return false;
    if (rename(from.c_str(), to.c_str()) != 0) fail("rename", from, errno);
  }
  sync_folder_of(to);
  return true;
}

std::int64_t size_of(const std::string& path) {
  struct stat facts {};
  return lstat(path.c_str(), &facts) == 0 ? facts.st_size : -1;
}

std::int64_t whole_lines_of(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) fail("open", path, errno);
  const std::int64_t size = size_of(path);
  std::vector<char> tail(static_cast<std::size_t>(std::clamp<std::int64_t>(size, 0, 1 << 20)));
  const std::int64_t begin = size - static_cast<std::int64_t>(tail.size());
  const ssize_t got = pread(file, tail.data(), tail.size(), begin);
  close(file);
  const std::string_view text(tail.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const std::size_t end = text.rfind('\n');
  return end == std::string_view::npos ? begin : begin + static_cast<std::int64_t>(end) + 1;
}

}  // namespace sluice::json_files
