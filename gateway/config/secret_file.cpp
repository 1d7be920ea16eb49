#include "config/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace sluice::config {
namespace {

constexpr std::size_t kSecretMaxBytes = std::size_t{64} << 10U;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) (void)::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

Status io_error(const std::filesystem::path& path) {
  return Status(Code::kIo, path.string() + ": " + std::generic_category().message(errno));
}

}  // namespace

Result<std::string> read_secret_file(const std::filesystem::path& path, const std::filesystem::path& credentials_dir) {
  // O_NONBLOCK: a FIFO must not hang the start. Rights are read from the open file, so they cannot change in between.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (file.fd() < 0 || ::fstat(file.fd(), &facts) != 0) return io_error(path);
  if (!S_ISREG(facts.st_mode)) return Status(Code::kInvalid, path.string() + " is not a regular file");
  const bool is_credential = !credentials_dir.empty() && path.parent_path() == credentials_dir;
  const mode_t refused = is_credential ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((facts.st_mode & refused) != 0) {
    return Status(Code::kInvalid, path.string() + " can be read or written by others than its owner (chmod 600)");
  }
  std::string content;
  std::array<char, 4096> chunk{};
  while (true) {
    const ssize_t count = ::read(file.fd(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error(path);
    if (count == 0) break;
    content.append(chunk.data(), static_cast<std::size_t>(count));
    if (content.size() > kSecretMaxBytes) return Status(Code::kInvalid, path.string() + " is larger than 64 KiB");
  }
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  if (content.find('\0') != std::string::npos) return Status(Code::kInvalid, path.string() + " has a zero byte");
  return content;
}

}  // namespace sluice::config
