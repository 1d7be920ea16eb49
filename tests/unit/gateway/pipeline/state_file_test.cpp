#include "pipeline/state_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "support/temp_folder.hpp"

namespace sluice::pipeline {
namespace {

using sluice::testing::TempFolder;

Snapshot snapshot_of(std::string state) {
  Snapshot snapshot;
  snapshot.plugin = "monitor";
  snapshot.plugin_version = "1.2.0";
  snapshot.state_version = 3;
  snapshot.cluster = "cluster";
  snapshot.saved_us = -5;
  snapshot.journal_position = 99;
  snapshot.positions = {{"topic", 2, 1'000'000'000'000, -1}};
  snapshot.state = std::move(state);
  return snapshot;
}

TEST(StateFile, gives_back_what_was_written) {
  TempFolder folder;
  const auto path = folder.path() / "state" / "monitor.consumer";
  ASSERT_EQ(read_snapshot(path).status().code(), Code::kNotFound);

  ASSERT_TRUE(write_snapshot(path, snapshot_of("one"), true).ok());

  const auto loaded = read_snapshot(path);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->snapshot.state, "one");
  EXPECT_EQ(loaded->snapshot.state_version, 3U);
  EXPECT_EQ(loaded->snapshot.saved_us, -5);
  EXPECT_EQ(loaded->snapshot.journal_position, 99U);
  ASSERT_EQ(loaded->snapshot.positions.size(), 1U);
  EXPECT_EQ(loaded->snapshot.positions[0].next_offset, 1'000'000'000'000);
}

TEST(StateFile, falls_back_to_the_generation_before_when_the_newest_is_damaged) {
  TempFolder folder;
  const auto path = folder.path() / "monitor.consumer";
  ASSERT_TRUE(write_snapshot(path, snapshot_of("one"), true).ok());
  ASSERT_TRUE(write_snapshot(path, snapshot_of("two"), true).ok());
  std::filesystem::resize_file(path, 40);

  const auto loaded = read_snapshot(path);

  ASSERT_TRUE(loaded.ok());
  EXPECT_TRUE(loaded->is_fallback);
  EXPECT_EQ(loaded->snapshot.state, "one");
}

TEST(StateFile, refuses_every_damaged_byte_and_every_cut) {
  const std::string good = to_bytes(snapshot_of("state"));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_FALSE(parse_snapshot(bad).ok()) << at;
    EXPECT_FALSE(parse_snapshot(good.substr(0, at)).ok()) << at;
  }
  EXPECT_TRUE(parse_snapshot(good).ok());
}

}  // namespace
}  // namespace sluice::pipeline
