#include "pipeline/table_store.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/fake_codec.hpp"

namespace sluice::pipeline {
namespace {

using sluice::testing::FakeCodec;

Stream table_stream() {
  Stream stream;
  stream.name = "stats";
  stream.topic = "device-stats";
  stream.kind = StreamKind::kTable;
  return stream;
}

TEST(Table, reads_as_json_in_key_order) {
  const Stream stream = table_stream();
  const FakeCodec codec;
  Table table(stream, codec, 10'000);
  ASSERT_TRUE(table.put("b\"", "two", 20).ok());
  ASSERT_TRUE(table.put("a", "one", 10).ok());

  EXPECT_EQ(table.to_json(),
            R"({"name":"stats","topic":"device-stats","evicted":0,"rows":[{"key":"a","updated_us":10,"value":"one"},)"
            R"({"key":"b\"","updated_us":20,"value":"two"}]})");
}

TEST(Table, coalesces_changes_of_a_key) {
  const Stream stream = table_stream();
  const FakeCodec codec;
  Table table(stream, codec, 10'000);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(table.put("k", std::to_string(i), i).ok());
  Buffer bytes;
  std::vector<DirtyRow> rows;

  table.take_dirty(10, bytes, rows);

  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(bytes.view().substr(rows[0].wire_offset, rows[0].wire_bytes), "99");
  EXPECT_FALSE(table.has_dirty());
}

TEST(Table, evicts_the_row_changed_longest_ago_published_ones_first) {
  const Stream stream = table_stream();
  const FakeCodec codec;
  Table table(stream, codec, 700);
  Buffer bytes;
  std::vector<DirtyRow> rows;
  ASSERT_TRUE(table.put("dirty", std::string(40, 'x'), 0).ok());
  ASSERT_TRUE(table.put("sent", std::string(40, 'x'), 0).ok());
  ASSERT_TRUE(table.put("sent2", std::string(40, 'x'), 0).ok());
  table.take_dirty(3, bytes, rows);
  table.retry("dirty", false);

  ASSERT_TRUE(table.put("new", std::string(40, 'x'), 0).ok());

  EXPECT_EQ(table.stats().evicted, 1U);
  EXPECT_EQ(table.to_json().find("\"sent\""), std::string::npos);
  EXPECT_NE(table.to_json().find("\"dirty\""), std::string::npos);
  EXPECT_LE(table.stats().bytes, 700U);
}

TEST(Table, stays_within_its_budget_under_random_changes) {
  const Stream stream = table_stream();
  const FakeCodec codec;
  Table table(stream, codec, 5'000);
  std::mt19937 random(7);
  Buffer bytes;
  std::vector<DirtyRow> rows;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "k" + std::to_string(random() % 60);
    switch (random() % 4) {
      case 0:
        table.remove(key);
        break;
      case 1:
        bytes.clear();
        rows.clear();
        table.take_dirty(random() % 5, bytes, rows);
        if (!rows.empty() && random() % 2 == 0) {
          table.retry(bytes.view().substr(rows[0].key_offset, rows[0].key_bytes), rows[0].is_removed);
        }
        break;
      default:
        ASSERT_TRUE(table.put(key, std::string(random() % 200, 'x'), i).ok());
    }
    ASSERT_LE(table.stats().bytes, 5'000U + 300U) << "a tombstone that came back may stand beside a full table";
  }
}

TEST(Table, refuses_a_row_without_key_or_beyond_its_budget) {
  const Stream stream = table_stream();
  const FakeCodec codec;
  Table table(stream, codec, 500);
  EXPECT_EQ(table.put("", "x", 0).code(), Code::kInvalid);
  EXPECT_EQ(table.put("k", std::string(500, 'x'), 0).code(), Code::kInvalid);
}

}  // namespace
}  // namespace sluice::pipeline
