/// Every plugin in broken/ whose fault shows while it is loaded: the error that comes back, and a host that lives on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "loader/loader_fixture.hpp"
#include "plugin/search.hpp"
#include "support/child_process.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kPlugins = LOADER_PLUGINS;

void expect_host_lives_on() {
  const auto sound = load_plugin(kPlugins / "sound_source.so");
  ASSERT_TRUE(sound.ok()) << sound.status().text();
  FakeHost host;
  auto source = sound->create_source(args_for(sound->info()), host);
  ASSERT_TRUE(source.ok()) << source.status().text();
  EXPECT_TRUE((*source)->run().ok());
  EXPECT_EQ(host.emitted().size(), 1U);
}

struct Refusal {
  const char* plugin;
  const char* text;
};

class LoaderRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(LoaderRefuses, WithAReason) {
  const std::filesystem::path path = kPlugins / (std::string(GetParam().plugin) + ".so");

  const auto loaded = load_plugin(path);

  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.status().text(), HasSubstr("plugin " + path.string() + ": "));
  EXPECT_THAT(loaded.status().text(), HasSubstr(GetParam().text));
  EXPECT_EQ(loaded.status().code(), Code::kInvalid);
  expect_host_lives_on();
}

constexpr Refusal kRefusals[] = {
    {"no_entry", "it exports no sluice_plugin_entry_v1"},
    {"entry_of_another_major", "is made for plugin ABI major version 2, this gateway takes 1"},
    {"entry_returns_null", "sluice_plugin_entry_v1 returned null"},
    {"entry_throws", "sluice_plugin_entry_v1 threw: no licence"},
    {"exports_two_symbols", "exports 2 symbols, expected only sluice_plugin_entry_v1: also helper"},
    {"needs_missing_symbol", "cannot be loaded: undefined symbol: function_of_nobody"},
    {"not_an_elf_file", "is not an ELF file: begins with \"This is \""},
    {"abi_major_unknown", "is made for plugin ABI 9.0, this gateway has 1.0"},
    {"abi_minor_newer", "is made for plugin ABI 1.1, this gateway has 1.0; build it with SLUICE_TARGET_ABI_MINOR=0"},
    {"struct_size_zero", "sluice_plugin_v1 has struct_size 0, expected"},
    {"struct_size_smaller", "sluice_plugin_v1 has struct_size"},
    {"struct_size_larger", "sluice_plugin_v1 has struct_size"},
    {"name_empty", "the plugin's name is empty, expected [a-z0-9_]{1,64}"},
    {"name_not_utf8", "the plugin's name is not UTF-8: \"caf\\xe9\""},
    {"name_differs_from_file", "calls itself 'someone_else', but its file is called 'name_differs_from_file'"},
    {"kind_unknown", "the plugin's kind is 7, expected 1 (source) or 2 (consumer)"},
    {"flags_unknown", "has flags 1048576"},
    {"source_missing", "sluice_source_v1 is null"},
    {"run_missing", "is a source without run()"},
    {"create_missing", "is a source without create()"},
    {"destroy_missing", "is a source without destroy()"},
    {"on_batch_missing", "is a consumer without on_batch()"},
    {"save_without_load", "only one of save() and load()"},
    {"descriptor_set_truncated", "descriptor set: not a google.protobuf.FileDescriptorSet"},
    {"descriptor_set_missing", "stream 'readings' has message test.Reading, but the plugin carries no descriptor set"},
    {"message_missing_from_descriptor_set", "test.Absent"},
    {"option_named_twice", "option 'rate' is in the table twice"},
    {"option_default_out_of_range", "rate"},
    {"option_type_unknown", "option 'rate': type is 99, expected 1 (string) to 8 (list)"},
    {"option_stride_too_small", "option_stride is 8, expected"},
    {"option_table_endless", "rows, at most 256 are allowed"},
    {"option_table_null", "the table of options is null, but has 1 rows"},
    {"stream_named_twice", "stream 'readings' is in the table twice"},
    {"stream_table_without_key", "stream 'readings' is a table without a key_field"},
    {"stream_table_read_by_consumer", "stream 'readings' is a table and an in stream"},
    {"stream_direction_unknown", "stream 'readings': direction is 0, expected 1 (in) or 2 (out)"},
    {"stream_of_a_source_is_in", "stream 'readings' is an in stream, but a source reads none"},
    {"stream_topic_impossible", "stream 'readings': topic is \"no topic\", expected [A-Za-z0-9._-]{1,249}"},
    {"stream_partitions_zero", "stream 'readings': partitions is 0, expected 1 to 1000"},
};
INSTANTIATE_TEST_SUITE_P(Broken, LoaderRefuses, ::testing::ValuesIn(kRefusals),
                         [](const auto& tested) { return std::string(tested.param.plugin); });

class LoaderRefusesFile : public ::testing::Test {
 protected:
  /// A copy of the sound plugin, which keeps its file name.
  std::filesystem::path copy_of_sound() const {
    const std::filesystem::path path = folder_ / "sound_source.so";
    std::filesystem::copy_file(kPlugins / "sound_source.so", path);
    return path;
  }
  static std::string refusal_of(const std::filesystem::path& path) {
    const auto loaded = load_plugin(path);
    return loaded.ok() ? "it loaded" : loaded.status().text();
  }

  test::TempFolder folder_;
};

TEST_F(LoaderRefusesFile, CutShort) {
  const std::filesystem::path path = copy_of_sound();
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);

  EXPECT_THAT(refusal_of(path), HasSubstr("is a truncated or damaged ELF file"));
  expect_host_lives_on();
}

TEST_F(LoaderRefusesFile, OfAnotherArchitecture) {
  const std::filesystem::path path = copy_of_sound();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(18);  // e_machine
  file.write("\x16\x00", 2);
  file.close();

  EXPECT_THAT(refusal_of(path), HasSubstr("is built for machine number 22, this gateway runs on "));
  expect_host_lives_on();
}

TEST_F(LoaderRefusesFile, Empty) {
  EXPECT_THAT(refusal_of(folder_.write("empty.so", "")), HasSubstr("is empty, expected an ELF shared library"));
  expect_host_lives_on();
}

TEST_F(LoaderRefusesFile, ThatDoesNotExist) {
  EXPECT_THAT(refusal_of(folder_ / "absent.so"), HasSubstr("No such file or directory"));
}

TEST_F(LoaderRefusesFile, ThatIsAFolder) {
  std::filesystem::create_directory(folder_ / "folder.so");

  EXPECT_THAT(refusal_of(folder_ / "folder.so"), HasSubstr("is a folder, expected a shared library"));
}

TEST_F(LoaderRefusesFile, ThatIsAPipeNobodyWrites) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe.so").c_str(), 0600), 0);

  EXPECT_THAT(refusal_of(folder_ / "pipe.so"), HasSubstr("is not a regular file"));
}

TEST_F(LoaderRefusesFile, ThatIsALink) {
  std::filesystem::create_symlink(kPlugins / "sound_source.so", folder_ / "sound_source.so");

  EXPECT_THAT(refusal_of(folder_ / "sound_source.so"), HasSubstr("is a symbolic link"));
}

TEST_F(LoaderRefusesFile, ThatMayNotBeRead) {
  const std::filesystem::path path = copy_of_sound();
  std::filesystem::permissions(path, std::filesystem::perms::none);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::group_exec | std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  constexpr uid_t kNobody = 65534;
  const bool is_root = ::geteuid() == 0;  // root may read every file
  ASSERT_TRUE(!is_root || ::seteuid(kNobody) == 0);

  const std::string refusal = refusal_of(path);

  ASSERT_TRUE(!is_root || ::seteuid(0) == 0);
  EXPECT_THAT(refusal, HasSubstr("cannot open it: Permission denied"));
}

TEST_F(LoaderRefusesFile, ThatEverybodyMayWrite) {
  const std::filesystem::path path = copy_of_sound();
  std::filesystem::permissions(path, std::filesystem::perms::others_write, std::filesystem::perm_options::add);

  EXPECT_THAT(refusal_of(path), HasSubstr("the file is writable by everybody"));
  expect_host_lives_on();
}

TEST_F(LoaderRefusesFile, InAFolderEverybodyMayWrite) {
  const std::filesystem::path path = copy_of_sound();
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);

  EXPECT_THAT(refusal_of(path), HasSubstr("its folder " + folder_.path().string() + " is writable by everybody"));
  expect_host_lives_on();
}

TEST_F(LoaderRefusesFile, OfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::filesystem::path path = copy_of_sound();
  ASSERT_EQ(::chown(path.c_str(), 4242, 4242), 0);

  EXPECT_THAT(refusal_of(path), HasSubstr("the file belongs to user 4242, expected root or user 0"));
}

}  // namespace
}  // namespace sluice::testing
