#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ndjson/lines.hpp"

namespace sluice::ndjson {

/// Keeps every line; takes at most `room` of them.
class RecordingSink final : public LineSink {
 public:
  std::vector<std::string> texts;
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> refusals;  // "reason line"
  std::size_t room = SIZE_MAX;

  std::size_t take(const std::string& /*path*/, std::span<const Line> lines) override {
    std::size_t taken = 0;
    for (; taken < lines.size() && room > 0; ++taken, --room) {
      texts.emplace_back(lines[taken].text);
      numbers.push_back(lines[taken].number);
    }
    return taken;
  }
  void refuse(std::string_view reason, const std::string& /*path*/, Place place, std::string_view /*text*/) override {
    refusals.push_back(std::string(reason) + " " + std::to_string(place.line));
  }
};

/// A folder that goes with the test.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice_ndjson_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::trunc) << text;
  }
  void append(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::app) << text;
  }
  void rename(const std::string& from, const std::string& to) const { std::filesystem::rename(path(from), path(to)); }
  void remove(const std::string& name) const { std::filesystem::remove(path(name)); }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::ndjson
