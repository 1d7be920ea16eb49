#include "plugin/search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/child_process.hpp"

namespace sluice::plugin {
namespace {

using ::testing::HasSubstr;

TEST(FindPlugin, TakesTheFirstFolderThatHasIt) {
  const test::TempFolder first;
  const test::TempFolder second;
  first.write("only_first.so", "x");
  second.write("both.so", "x");
  first.write("both.so", "x");

  EXPECT_EQ(*find_plugin("both", {first.path(), second.path()}), first / "both.so");
  EXPECT_EQ(*find_plugin("both", {second.path(), first.path()}), second / "both.so");
}

TEST(FindPlugin, NamesTheFoldersSearchedAndANearName) {
  const test::TempFolder folder;
  folder.write("device_sensors.so", "x");

  const auto found = find_plugin("device_sensor", {folder.path(), "/no/such/folder"});

  EXPECT_EQ(found.status().code(), Code::kNotFound);
  EXPECT_EQ(found.status().text(), "plugin 'device_sensor' was not found in " + folder.path().string() +
                                       ", /no/such/folder (missing); did you mean 'device_sensors'?");
}

TEST(FindPlugin, RefusesANameThatLeavesItsFolder) {
  EXPECT_EQ(find_plugin("../etc/passwd", {"/tmp"}).status().code(), Code::kInvalid);
}

TEST(FindPlugin, RefusesAFileEverybodyMayWrite) {
  const test::TempFolder folder;
  std::filesystem::permissions(folder.write("open.so", "x"), std::filesystem::perms::all);

  EXPECT_THAT(find_plugin("open", {folder.path()}).status().text(), HasSubstr("the file is writable by everybody"));
}

TEST(ListPlugins, IsSortedAndHasEachNameOnce) {
  const test::TempFolder first;
  const test::TempFolder second;
  first.write("zebra.so", "x");
  first.write("notes.txt", "x");
  first.write("Not-A-Name.so", "x");
  second.write("zebra.so", "x");
  second.write("apple.so", "x");

  const std::vector<FoundPlugin> plugins = list_plugins({first.path(), "/no/such/folder", second.path()});

  ASSERT_EQ(plugins.size(), 2U);
  EXPECT_EQ(plugins[0].path, second / "apple.so");
  EXPECT_EQ(plugins[1].path, first / "zebra.so");
}

}  // namespace
}  // namespace sluice::plugin
