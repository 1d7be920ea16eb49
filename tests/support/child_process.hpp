#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

/// A program under test, with its output in files, killed when the object goes. Thread: one.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> arguments;  ///< the first is the program
    std::filesystem::path output_dir;    ///< stdout and stderr go to files "NAME.out", "NAME.err" in here
    std::string name = "child";
    std::map<std::string, std::string> environment;  ///< added to ours
    std::optional<std::filesystem::path> input;      ///< standard input; /dev/null without
  };
  struct Exit {
    int code = -1;   ///< of an orderly exit
    int signal = 0;  ///< that killed it
    rusage usage{};  ///< of it and what it waited for
  };

  explicit ChildProcess(const Options& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Nothing when it is still running after `limit`.
  std::optional<Exit> wait(std::chrono::milliseconds limit = std::chrono::seconds(60));
  [[nodiscard]] bool is_running();
  [[nodiscard]] std::string standard_output() const;
  [[nodiscard]] std::string standard_error() const;
  /// VmRSS of /proc, in KiB.
  [[nodiscard]] long rss_kib() const;

 private:
  std::filesystem::path out_;
  std::filesystem::path err_;
  pid_t pid_ = -1;
  std::optional<Exit> exit_;
};

/// A folder of this test's own, removed when the object goes.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  /// Writes a file and returns its path.
  std::filesystem::path write(const std::string& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace sluice::test
