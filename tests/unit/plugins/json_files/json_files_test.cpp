#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "support/fake_host.hpp"

extern "C" SLUICE_PLUGIN_ENTRY(json_files);

namespace sluice::json_files {
namespace {

using ::testing::ElementsAre;
using testing::FakeHost;
using testing::FakeInput;
using testing::FakeInstance;
using testing::FakeOptions;
using testing::FakeSetup;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

class JsonFilesTest : public ::testing::Test {
 protected:
  JsonFilesTest() {
    std::string name = (fs::temp_directory_path() / "sluice_json_files_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    start();
  }
  ~JsonFilesTest() override {
    instance_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void start(const FakeOptions& more = {}) {
    FakeSetup setup{
        .options = {{"directory", folder_ / "out"}, {"name", "{topic}-{seq}.jsonl"}},
        .streams =
            {{.name = "orders", .direction = SLUICE_DIRECTION_IN, .encoding = SLUICE_ENCODING_JSON, .topic = "orders"},
             {.name = "texts", .direction = SLUICE_DIRECTION_IN, .encoding = SLUICE_ENCODING_RAW, .topic = "texts"}},
        .instance = "archive",
        .state_dir = {},
        .saved_state = {}};
    for (const auto& [name, value] : more) setup.options[name] = value;
    instance_.reset();
    instance_ = std::make_unique<FakeInstance>(sluice_plugin_entry_v1_json_files(), host_, setup);
    ASSERT_TRUE(instance_->is_created()) << instance_->error();
  }

  void put(const std::vector<std::string>& orders) {
    std::vector<FakeInput> inputs;
    for (const std::string& order : orders) inputs.push_back({.stream = 0, .payload = order});
    ASSERT_EQ(instance_->on_batch(inputs), SLUICE_OK) << instance_->error();
  }

  std::string save() {
    std::string state;
    EXPECT_EQ(instance_->save(state), SLUICE_OK) << instance_->error();
    return state;
  }

  /// As after kill -9: what the files hold now is all that the next life finds.
  void crash() {
    fs::remove_all(folder_ / "copy");
    fs::copy(folder_ / "out", folder_ / "copy", fs::copy_options::recursive);
    instance_.reset();
    fs::remove_all(folder_ / "out");
    fs::rename(folder_ / "copy", folder_ / "out");
  }

  /// File name -> content.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "out")) {
      if (!entry.is_regular_file()) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      found[fs::relative(entry.path(), folder_ / "out")] = text.str();
    }
    return found;
  }

  fs::path folder_;
  FakeHost host_;
  std::unique_ptr<FakeInstance> instance_;
};

using Files = std::map<std::string, std::string>;

TEST_F(JsonFilesTest, writes_each_topic_to_a_file_of_its_own_that_has_its_name_when_it_is_finished) {
  put({"{\"id\":1}", "{\"id\":2}"});
  ASSERT_EQ(instance_->on_batch({{.stream = 1, .payload = "plain text"}}), SLUICE_OK);
  EXPECT_EQ(files(), (Files{{"orders-000001.jsonl.archive.part", "{\"id\":1}\n{\"id\":2}\n"},
                            {"texts-000001.jsonl.archive.part", "\"plain text\"\n"}}));

  save();
  instance_.reset();

  EXPECT_EQ(files(),
            (Files{{"orders-000001.jsonl", "{\"id\":1}\n{\"id\":2}\n"}, {"texts-000001.jsonl", "\"plain text\"\n"}}));
}

TEST_F(JsonFilesTest, rotates_by_size_and_names_a_file_once_a_snapshot_covers_it) {
  start({{"max_bytes", "1KiB"}});
  put({std::string(2000, '1')});
  put({"2"});
  ASSERT_EQ(instance_->on_tick(), SLUICE_OK);
  EXPECT_TRUE(files().contains("orders-000001.jsonl.archive.part"));

  save();
  ASSERT_EQ(instance_->on_tick(), SLUICE_OK);

  EXPECT_TRUE(files().contains("orders-000001.jsonl"));
  EXPECT_EQ(files()["orders-000002.jsonl.archive.part"], "2\n");
}

TEST_F(JsonFilesTest, rotates_by_age) {
  start({{"max_age", "1m"}});
  put({"1"});
  host_.advance(std::chrono::minutes(1));
  ASSERT_EQ(instance_->on_tick(), SLUICE_OK);
  put({"2"});

  EXPECT_TRUE(files().contains("orders-000002.jsonl.archive.part"));
}

TEST_F(JsonFilesTest, has_each_row_exactly_once_after_a_crash_and_replay) {
  put({"1", "2"});
  const std::string state = save();
  put({"3", "4"});
  crash();

  start();
  ASSERT_EQ(instance_->load(state), SLUICE_OK) << instance_->error();
  put({"3", "4", "5"});
  save();
  instance_.reset();

  EXPECT_EQ(files(), (Files{{"orders-000001.jsonl", "1\n2\n3\n4\n5\n"}}));
}

TEST_F(JsonFilesTest, takes_back_files_that_were_begun_and_rotated_behind_the_snapshot) {
  start({{"max_bytes", "1KiB"}});
  put({"1"});
  const std::string state = save();
  put({std::string(2000, '2')});  // finishes the first file
  put({"3"});
  crash();

  start({{"max_bytes", "1KiB"}});
  ASSERT_EQ(instance_->load(state), SLUICE_OK) << instance_->error();
  EXPECT_EQ(files(), (Files{{"orders-000001.jsonl.archive.part", "1\n"}}));
}

TEST_F(JsonFilesTest, takes_back_a_name_that_was_given_behind_the_snapshot) {
  start({{"max_bytes", "1KiB"}});
  put({"1"});
  const std::string state = save();
  put({std::string(2000, '2')});
  save();  // never became durable
  ASSERT_EQ(instance_->on_tick(), SLUICE_OK);
  ASSERT_TRUE(files().contains("orders-000001.jsonl"));
  crash();

  start({{"max_bytes", "1KiB"}});
  ASSERT_EQ(instance_->load(state), SLUICE_OK) << instance_->error();

  EXPECT_EQ(files(), (Files{{"orders-000001.jsonl.archive.part", "1\n"}}));
}

TEST_F(JsonFilesTest, begins_a_new_file_after_an_orderly_restart) {
  put({"1"});
  const std::string state = save();
  start();
  ASSERT_EQ(instance_->load(state), SLUICE_OK) << instance_->error();
  put({"2"});
  save();
  instance_.reset();

  EXPECT_EQ(files(), (Files{{"orders-000001.jsonl", "1\n"}, {"orders-000002.jsonl", "2\n"}}));
}

TEST_F(JsonFilesTest, keeps_whole_rows_of_a_run_that_ended_before_its_first_snapshot) {
  put({"1", "2"});
  crash();
  std::ofstream(folder_ / "out/orders-000001.jsonl.archive.part", std::ios::app) << "{\"torn";

  start();
  put({"3"});

  EXPECT_EQ(files(), (Files{{"orders-000001.jsonl", "1\n2\n"}, {"orders-000002.jsonl.archive.part", "3\n"}}));
  EXPECT_EQ(host_.logs.size(), 1U);
}

TEST_F(JsonFilesTest, touches_no_part_file_of_another_instance) {
  fs::create_directories(folder_ / "out");
  std::ofstream(folder_ / "out/orders-000009.jsonl.other.part") << "theirs";

  put({"1"});

  EXPECT_EQ(files()["orders-000009.jsonl.other.part"], "theirs");
}

TEST_F(JsonFilesTest, goes_on_when_somebody_deleted_its_files) {
  put({"1"});
  const std::string state = save();
  crash();
  fs::remove_all(folder_ / "out");

  start();
  ASSERT_EQ(instance_->load(state), SLUICE_OK) << instance_->error();
  put({"2"});

  EXPECT_EQ(files(), (Files{{"orders-000002.jsonl.archive.part", "2\n"}}));
  EXPECT_THAT(host_.logs.back().text, HasSubstr("is gone"));
}

TEST_F(JsonFilesTest, fails_with_path_and_reason_when_it_cannot_write) {
  std::ofstream(folder_ / "file") << "not a folder";
  start({{"directory", folder_ / "file"}});

  EXPECT_EQ(instance_->on_batch({{.stream = 0, .payload = "1"}}), SLUICE_FAILED);

  EXPECT_THAT(instance_->error(), HasSubstr("file"));
}

TEST_F(JsonFilesTest, writes_an_envelope_when_asked_and_deleted_rows_only_then) {
  const FakeInput deleted{.stream = 0, .payload = "", .key = "k", .is_delete = true};
  ASSERT_EQ(instance_->on_batch({deleted}), SLUICE_OK);
  EXPECT_THAT(files(), IsEmpty());
  start({{"envelope", "true"}});

  ASSERT_EQ(instance_->on_batch({deleted}), SLUICE_OK);

  EXPECT_EQ(files()["orders-000001.jsonl.archive.part"],
            "{\"topic\":\"orders\",\"partition\":0,\"offset\":0,\"time\":\"1970-01-01T00:00:00.000000Z\",\"key\":\"k\","
            "\"value\":"
            "null}\n");
}

TEST_F(JsonFilesTest, refuses_a_name_that_does_not_keep_files_apart) {
  FakeSetup setup{.options = {{"directory", "x"}, {"name", "all.jsonl"}},
                  .streams = {},
                  .instance = "a",
                  .state_dir = {},
                  .saved_state = {}};

  const FakeInstance instance(sluice_plugin_entry_v1_json_files(), host_, setup);

  EXPECT_FALSE(instance.is_created());
  EXPECT_THAT(instance.error(), HasSubstr("{seq}"));
}

}  // namespace
}  // namespace sluice::json_files
