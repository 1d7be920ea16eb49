#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "json_files/rows.hpp"
#include "json_files/topic_files.hpp"
#include "sluice/plugin.hpp"

namespace sluice::json_files {
namespace {

constexpr Option kOptions[] = {
    {"directory", OptionType::kString, kRequired, "", "Where the files go; made when it is missing."},
    {"name", OptionType::kString, "{topic}-{time}-{seq}.jsonl", "",
     "File name; {topic} {date} {time} {seq} {instance} are replaced, and it may lead into folders below the "
     "directory."},
    {"max_bytes", OptionType::kBytes, "64MiB", "1KiB..1TiB", "A file is finished when it is so large."},
    {"max_age", OptionType::kDuration, "1h", "0s..365d", "A file is finished when it is so old; 0: no limit."},
    {"envelope", OptionType::kBoolean, "false", "",
     "Write {topic, partition, offset, time, key, value} instead of the value alone; deleted rows then have the value "
     "null."},
};

class JsonFiles final : public Consumer<> {
 public:
  explicit JsonFiles(const Context& context) : Consumer(context), has_envelope_(context.boolean("envelope")) {
    options_ = {.directory = context.text("directory"),
                .name = context.text("name"),
                .instance = std::string(context.instance()),
                .max_bytes = context.bytes("max_bytes"),
                .max_age_us = context.duration("max_age").count()};
    std::set<std::string> topics;
    for (const BoundStream& stream : context.streams()) {
      topics.emplace(stream.topic);
      inputs_.push_back({std::string(stream.topic), stream.encoding == Encoding::kJson, nullptr});
    }
    const std::string problem = problem_of_name(options_.name, topics.size());
    if (!problem.empty()) throw std::runtime_error("option \"name\": \"" + options_.name + "\" " + problem);
    if (options_.directory.empty()) throw std::runtime_error("option \"directory\" is empty");
    for (const std::string& topic : topics) files_.push_back(std::make_unique<TopicFiles>(topic, options_));
    for (Input& input : inputs_) input.files = find_files(input.topic);
  }

  ~JsonFiles() override {
    for (const auto& files : files_) {
      try {
        files->close();
      } catch (const std::exception& error) {
        log(LogLevel::kError, error.what());  // the part file stays, and the next start goes on with it
      }
    }
  }

  void on_batch(const InputBatch& batch) override {
    start();
    const std::int64_t now_us = batch.wall_time().time_since_epoch().count();
    for (const sluice_input_v1& raw : batch) {
      const Meta meta(raw);
      if (meta.stream >= inputs_.size()) {
        refuse("unknown_stream", "an input of a stream that was not bound", meta);
        continue;
      }
      const Input& input = inputs_[meta.stream];
      row_.clear();
      if (has_envelope_) {
        append_envelope({input.topic, meta.partition, meta.offset, raw.event_time_us, meta.key}, from_abi(raw.payload),
                        input.is_json, meta.is_delete, row_);
      } else if (meta.is_delete) {
        continue;
      } else {
        append_value(from_abi(raw.payload), input.is_json, row_);
      }
      input.files->append(row_, now_us);
    }
    for (const auto& files : files_) files->flush();
  }

  void on_tick(Time now) override {
    start();
    for (const auto& files : files_) files->tick(now.time_since_epoch().count());
  }

  void save(StateWriter& writer) override {
    start();
    std::vector<SavedFile> saved;
    for (const auto& files : files_) files->save(saved);
    writer.write(encode_files(saved));
  }

  void load(std::string_view state) override {
    const std::optional<std::vector<SavedFile>> saved = decode_files(state);
    if (!saved) throw std::runtime_error("the saved state is not one of this plugin");
    is_started_ = true;
    std::set<std::string> known;
    for (const SavedFile& file : *saved) {
      known.insert(normal(TopicFiles::part_path(options_, file.name)));
      TopicFiles* files = find_files(file.topic);
      if (files == nullptr) {
        log_warning(file.name + ": its topic is no longer read, the file stays as it is");
        continue;
      }
      const std::string problem = files->load(file);
      if (!problem.empty()) log_warning(problem);
    }
    // Written behind the snapshot: the host delivers it again.
    for (const std::string& path : own_part_files()) {
      if (!known.contains(path)) unlink(path.c_str());
    }
  }

 private:
  struct Input {
    std::string topic;
    bool is_json = false;
    TopicFiles* files = nullptr;
  };

  TopicFiles* find_files(std::string_view topic) const {
    const auto found =
        std::find_if(files_.begin(), files_.end(), [&](const auto& files) { return files->topic() == topic; });
    return found == files_.end() ? nullptr : found->get();
  }

  /// The first thing that is done, unless the host gave a snapshot. Part files of an earlier life that ended without
  /// one may hold rows that nobody delivers again: they get their name.
  void start() {
    if (is_started_) return;
    is_started_ = true;
    std::filesystem::create_directories(options_.directory);
    for (const std::string& path : own_part_files()) {
      const std::int64_t whole = whole_lines_of(path);
      if (whole == 0) {
        unlink(path.c_str());
        continue;
      }
      PartFile::reopen(path, whole).sync();
      const std::string named = path.substr(0, path.size() - part_suffix().size());
      const bool is_named = rename_durably(path, named);
      log_warning((is_named ? named : path) +
                  ": is left from a run that ended without a snapshot; its rows may come again");
    }
  }

  [[nodiscard]] static std::string normal(const std::filesystem::path& path) { return path.lexically_normal(); }
  [[nodiscard]] std::string part_suffix() const { return "." + options_.instance + ".part"; }

  [[nodiscard]] std::vector<std::string> own_part_files() const {
    std::vector<std::string> paths;
    std::error_code error;
    std::filesystem::recursive_directory_iterator at(options_.directory, error);
    for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
      std::string path = normal(at->path());
      if (path.ends_with(part_suffix()) && at->is_regular_file(error)) paths.push_back(std::move(path));
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  FilesOptions options_;
  const bool has_envelope_;
  std::vector<Input> inputs_;                       // by stream number
  std::vector<std::unique_ptr<TopicFiles>> files_;  // by topic
  std::string row_;                                 // kept for its capacity
  bool is_started_ = false;
};

}  // namespace
}  // namespace sluice::json_files

SLUICE_PLUGIN(sluice::json_files::JsonFiles,
              sluice::Description{.version = "1.0.0",
                                  .description = "Writes events of any topics to rotating JSON Lines files.",
                                  .options = sluice::json_files::kOptions,
                                  .streams_from_config = true,
                                  .input_as_json = true});
