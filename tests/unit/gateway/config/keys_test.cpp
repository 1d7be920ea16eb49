#include "config/keys.hpp"

#include <gmock/gmock.h>

#include "config/load.hpp"
#include "config_fixture.hpp"

namespace sluice::config {
namespace {

TEST(Keys, AreTablesThatPassTheCheckOfPluginTables) {
  for (const SectionSpec* section : all_sections()) {
    std::vector<OptionSpec> table;
    for (const KeySpec& key : section->keys) table.push_back(to_option_spec(key));
    const Status status = check_option_table(table);
    EXPECT_TRUE(status.ok()) << section->header << ": " << status.text();
    for (const KeySpec& key : section->keys) EXPECT_NE(std::string_view(key.help), "") << key.name;
  }
}

TEST(Keys, DefaultsAreThoseOfAnEmptyConfiguration) {
  const Loaded implicit("");
  std::string text;
  for (const SectionSpec* section : all_sections()) {
    if (section->header[1] == '[' || std::string_view(section->header).starts_with("[source.")) continue;
    text += std::string(section->header) + "\n";
    for (const KeySpec& key : section->keys) {
      if (key.default_text == nullptr) continue;
      const bool is_bare = key.type == OptionType::kBoolean;
      const bool is_list = key.type == OptionType::kList;
      const std::string quote = is_bare ? "" : "\"";
      const bool is_empty_list = is_list && *key.default_text == '\0';
      text += std::string(key.name) + " = " + (is_list ? "[" : "") +
              (is_empty_list ? "" : quote + key.default_text + quote) + (is_list ? "]" : "") + "\n";
    }
  }
  const Loaded explicitly(text);

  EXPECT_THAT(explicitly.errors, testing::IsEmpty()) << text;
  EXPECT_EQ(explicitly.config.admin.port, implicit.config.admin.port);
  EXPECT_EQ(explicitly.config.journal.commit_window_us, implicit.config.journal.commit_window_us);
  EXPECT_EQ(explicitly.config.gateway.plugin_path, implicit.config.gateway.plugin_path);
  EXPECT_EQ(explicitly.config.dead_letters_topic, implicit.config.dead_letters_topic);
}

}  // namespace
}  // namespace sluice::config
