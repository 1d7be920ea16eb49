#include "json_files/topic_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "json_files/rows.hpp"

namespace sluice::json_files {
namespace {

constexpr std::size_t kBufferBytes = 256U << 10U;
// A host that takes no snapshots would else never see a finished file.
constexpr std::int64_t kLongestWaitForSaveUs = 300'000'000;
constexpr std::string_view kHeader = "sluice-json-files 1\n";
constexpr std::array<std::string_view, 5> kWords = {"topic", "date", "time", "seq", "instance"};

/// Calls word(name) for each {name} and letter(c) for everything else; false at an open or unknown brace.
template <class Word, class Letter>
bool walk(std::string_view pattern, Word word, Letter letter) {
  while (!pattern.empty()) {
    if (pattern.front() != '{') {
      if (pattern.front() == '}') return false;
      letter(pattern.front());
      pattern.remove_prefix(1);
      continue;
    }
    const std::size_t end = pattern.find('}');
    if (end == std::string_view::npos) return false;
    const std::string_view name = pattern.substr(1, end - 1);
    if (std::find(kWords.begin(), kWords.end(), name) == kWords.end()) return false;
    word(name);
    pattern.remove_prefix(end + 1);
  }
  return true;
}

std::string expand(const FilesOptions& options, const std::string& topic, std::int64_t now_us, std::uint64_t number) {
  const std::string iso = iso_time(now_us);
  std::string name;
  const auto word = [&](std::string_view which) {
    if (which == "topic") name += topic;
    if (which == "instance") name += options.instance;
    if (which == "date") name += iso.substr(0, 10);
    if (which == "time")
      name += iso.substr(0, 4) + iso.substr(5, 2) + iso.substr(8, 5) + iso.substr(14, 2) + iso.substr(17, 2) + "Z";
    if (which == "seq") {
      std::array<char, 24> digits{};
      std::snprintf(digits.data(), digits.size(), "%06llu", static_cast<unsigned long long>(number));
      name += digits.data();
    }
  };
  (void)walk(options.name, word, [&](char c) { name += c; });
  return name;
}

template <class Number>
bool take_number(std::string_view& line, Number& value) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc{} || end == line.data() + line.size() || *end != ' ') return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
  return true;
}

}  // namespace

std::string problem_of_name(std::string_view pattern, std::size_t topics) {
  bool has_seq = false;
  bool has_topic = false;
  bool has_control = false;
  const auto word = [&](std::string_view which) {
    has_seq = has_seq || which == "seq";
    has_topic = has_topic || which == "topic";
  };
  const bool is_well_formed =
      walk(pattern, word, [&](char c) { has_control = has_control || static_cast<unsigned char>(c) < 0x20; });
  if (!is_well_formed) return "expected only {topic}, {date}, {time}, {seq} and {instance} in braces";
  if (!has_seq) return "needs {seq}, which keeps two files apart";
  if (!has_topic && topics > 1) return "needs {topic}, because there are several topics";
  if (has_control) return "has a control character";
  if (pattern.front() == '/' || pattern.back() == '/') return "must be a file below the directory";
  for (const auto& part : std::filesystem::path(pattern)) {
    if (part == "..") return "must not lead out of the directory";
  }
  return {};
}

std::string encode_files(const std::vector<SavedFile>& files) {
  std::string text(kHeader);
  for (const SavedFile& file : files) {
    text += std::to_string(file.is_open ? 1 : 0) + ' ' + std::to_string(file.length) + ' ' +
            std::to_string(file.opened_us) + ' ' + std::to_string(file.number) + ' ' + file.topic + '\t' + file.name +
            '\n';
  }
  return text;
}

std::optional<std::vector<SavedFile>> decode_files(std::string_view text) {
  if (!text.starts_with(kHeader)) return std::nullopt;
  text.remove_prefix(kHeader.size());
  std::vector<SavedFile> files;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    SavedFile file;
    int is_open = 0;
    if (!take_number(line, is_open) || !take_number(line, file.length) || !take_number(line, file.opened_us) ||
        !take_number(line, file.number) || file.length < 0) {
      return std::nullopt;
    }
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) return std::nullopt;
    file.is_open = is_open != 0;
    file.topic = line.substr(0, tab);
    file.name = line.substr(tab + 1);
    files.push_back(std::move(file));
  }
  return files;
}

TopicFiles::TopicFiles(std::string topic, FilesOptions options)
    : topic_(std::move(topic)), options_(std::move(options)) {}

std::string TopicFiles::final_path(const FilesOptions& options, const std::string& name) {
  return options.directory + "/" + name;
}

std::string TopicFiles::part_path(const FilesOptions& options, const std::string& name) {
  return final_path(options, name) + "." + options.instance + ".part";
}

void TopicFiles::open(std::int64_t now_us) {
  for (;; ++next_number_) {
    std::string name = expand(options_, topic_, now_us, next_number_);
    const std::string path = part_path(options_, name);
    if (size_of(path) >= 0 || size_of(final_path(options_, name)) >= 0) continue;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    open_.emplace(Open{std::move(name), PartFile::create(path), now_us, next_number_++, -1});
    return;
  }
}

void TopicFiles::append(std::string_view row, std::int64_t now_us) {
  if (!open_) open(now_us);
  buffer_.append(row).append(1, '\n');
  if (buffer_.size() >= kBufferBytes) flush();
  if (open_->file.length() + static_cast<std::int64_t>(buffer_.size()) >= options_.max_bytes) finish(now_us);
}

void TopicFiles::flush() {
  if (!open_ || buffer_.empty()) return;
  has_failed_ = true;
  open_->file.write(buffer_);
  has_failed_ = false;
  buffer_.clear();
}

void TopicFiles::finish(std::int64_t now_us) {
  flush();
  has_failed_ = true;
  open_->file.sync();
  has_failed_ = false;
  const bool is_saved = open_->saved_length == open_->file.length();
  finished_.push_back({open_->name, open_->file.length(), now_us, open_->number, is_saved});
  open_.reset();
}

void TopicFiles::tick(std::int64_t now_us) {
  std::erase_if(finished_, [&](const Finished& file) {
    if (!file.is_saved && now_us - file.finished_us < kLongestWaitForSaveUs) return false;
    give_name(file.name);
    return true;
  });
  if (open_ && options_.max_age_us > 0 && now_us - open_->opened_us >= options_.max_age_us) finish(now_us);
}

void TopicFiles::save(std::vector<SavedFile>& files) {
  flush();
  was_saved_ = true;
  for (Finished& file : finished_) {
    files.push_back({false, file.length, 0, file.number, topic_, file.name});
    file.is_saved = true;
  }
  if (!open_) return;
  open_->file.sync();
  open_->saved_length = open_->file.length();
  files.push_back({true, open_->saved_length, open_->opened_us, open_->number, topic_, open_->name});
}

std::string TopicFiles::load(const SavedFile& file) {
  was_saved_ = true;
  next_number_ = std::max(next_number_, file.number + 1);
  const std::string part = part_path(options_, file.name);
  const std::string named = final_path(options_, file.name);
  const std::int64_t named_size = size_of(named);
  if (size_of(part) < 0 && named_size == file.length) return {};
  // It got its name after the snapshot: what was added behind the snapshot is taken back, and delivered again.
  if (size_of(part) < 0 && named_size > file.length && !rename_durably(named, part))
    return part + ": appeared meanwhile";
  const std::string expected = std::to_string(file.length) + " bytes of it";
  if (size_of(part) < 0) return part + ": is gone, the snapshot knows " + expected;
  PartFile reopened = PartFile::reopen(part, file.length);
  if (reopened.length() < file.length) {
    const std::int64_t whole = whole_lines_of(part);
    reopened = PartFile::reopen(part, whole);
    finished_.push_back({file.name, whole, 0, file.number, true});
    return part + ": was cut, the snapshot knows " + expected;
  }
  if (file.is_open) {
    open_.emplace(Open{file.name, std::move(reopened), file.opened_us, file.number, file.length});
  } else {
    finished_.push_back({file.name, file.length, 0, file.number, true});
  }
  return {};
}

void TopicFiles::close() {
  if (has_failed_) return;  // how much was written is unknown: the part file stays, to be cut back
  flush();
  if (open_ && open_->file.length() == 0) {
    unlink(part_path(options_, open_->name).c_str());
    open_.reset();
  }
  if (open_ && (!was_saved_ || open_->saved_length == open_->file.length())) finish(0);
  for (const Finished& file : finished_) {
    if (file.is_saved || !was_saved_) give_name(file.name);
  }
  finished_.clear();
}

void TopicFiles::give_name(const std::string& name) const {
  const std::string part = part_path(options_, name);
  if (!rename_durably(part, final_path(options_, name)))
    throw std::runtime_error("rename " + part + ": its name is taken");
}

}  // namespace sluice::json_files
