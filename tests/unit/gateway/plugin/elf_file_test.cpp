#include "plugin/elf_file.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace sluice::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Symbol {
  std::string name;
  unsigned char binding = STB_GLOBAL;
  std::uint16_t section = 1;
  unsigned char visibility = STV_DEFAULT;
};

/// The smallest file that has what the reader looks at: header, symbols, names, section table. The machine and class
/// come from this very program.
std::vector<std::byte> library_with(const std::vector<Symbol>& symbols) {
  std::string names(1, '\0');
  std::vector<ElfW(Sym)> table(1);
  for (const Symbol& symbol : symbols) {
    ElfW(Sym) entry{};
    entry.st_name = static_cast<std::uint32_t>(names.size());
    entry.st_info = static_cast<unsigned char>(symbol.binding << 4U | STT_FUNC);
    entry.st_other = symbol.visibility;
    entry.st_shndx = symbol.section;
    table.push_back(entry);
    names += symbol.name + '\0';
  }
  ElfW(Ehdr) header{};
  std::FILE* self = std::fopen("/proc/self/exe", "rb");
  EXPECT_EQ(std::fread(&header, sizeof header, 1, self), 1U);
  (void)std::fclose(self);
  header.e_type = ET_DYN;
  const std::size_t symbol_bytes = table.size() * sizeof(ElfW(Sym));
  ElfW(Shdr) sections[3]{};
  sections[1].sh_type = SHT_DYNSYM;
  sections[1].sh_offset = sizeof header;
  sections[1].sh_size = symbol_bytes;
  sections[1].sh_link = 2;
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = sizeof header + symbol_bytes;
  sections[2].sh_size = names.size();
  header.e_shoff = sizeof header + symbol_bytes + names.size();
  header.e_shnum = 3;
  header.e_shentsize = sizeof(ElfW(Shdr));

  std::vector<std::byte> file(header.e_shoff + sizeof sections);
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + sizeof header, table.data(), symbol_bytes);
  std::memcpy(file.data() + sizeof header + symbol_bytes, names.data(), names.size());
  std::memcpy(file.data() + header.e_shoff, sections, sizeof sections);
  return file;
}

std::string refusal_of(std::span<const std::byte> file) {
  const auto exported = exported_symbols(file);
  return exported.ok() ? "taken" : exported.status().text();
}

TEST(ElfFile, ListsWhatIsExported) {
  const auto exported = exported_symbols(library_with({{"weak", STB_WEAK},
                                                       {"entry"},
                                                       {"unique", STB_GNU_UNIQUE},
                                                       {"local", STB_LOCAL},
                                                       {"needed", STB_GLOBAL, SHN_UNDEF},
                                                       {"hidden", STB_GLOBAL, 1, STV_HIDDEN},
                                                       {"VERSION_1", STB_GLOBAL, SHN_ABS}}));

  ASSERT_TRUE(exported.ok()) << exported.status().text();
  EXPECT_THAT(*exported, ElementsAre("entry", "unique", "weak"));
}

TEST(ElfFile, LeavesOutWhatLinkersAdd) {
  const auto exported = exported_symbols(library_with({{"_init"}, {"_fini"}, {"_end"}, {"__bss_start"}, {"_edata"}}));

  ASSERT_TRUE(exported.ok());
  EXPECT_TRUE(exported->empty());
}

TEST(ElfFile, NamesTheOtherClassAndByteOrder) {
  std::vector<std::byte> other_class = library_with({});
  other_class[EI_CLASS] = std::byte{sizeof(void*) == 8 ? ELFCLASS32 : ELFCLASS64};
  std::vector<std::byte> other_order = library_with({});
  other_order[EI_DATA] ^= std::byte{ELFDATA2LSB ^ ELFDATA2MSB};

  EXPECT_THAT(refusal_of(other_class),
              HasSubstr(sizeof(void*) == 8 ? "of 32 bits, this gateway takes 64" : "of 64 bits"));
  EXPECT_THAT(refusal_of(other_order), HasSubstr("of the other byte order"));
}

TEST(ElfFile, NamesAnObjectFile) {
  std::vector<std::byte> file = library_with({});
  const std::uint16_t type = ET_REL;
  std::memcpy(file.data() + offsetof(ElfW(Ehdr), e_type), &type, sizeof type);

  EXPECT_EQ(refusal_of(file), "is an object file, expected a shared library");
}

TEST(ElfFile, RefusesEveryTruncation) {
  const std::vector<std::byte> file = library_with({{"entry"}, {"another"}});

  for (std::size_t bytes = 0; bytes < file.size(); ++bytes) {
    const std::vector<std::byte> cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(bytes));
    EXPECT_NE(refusal_of(cut), "taken") << "cut to " << bytes << " bytes";
  }
}

TEST(ElfFile, SurvivesEveryDamagedByte) {
  const std::vector<std::byte> file = library_with({{"entry"}, {"another"}});
  const unsigned seed = 20240501;
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));

  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> damaged = file;
    for (int i = 0; i < 1 + round % 4; ++i) damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    const auto exported = exported_symbols(damaged);
    if (exported.ok()) {
      EXPECT_LE(exported->size(), file.size() / sizeof(ElfW(Sym)));
    } else {
      EXPECT_FALSE(exported.status().text().empty());
    }
  }
}

TEST(ElfFile, SurvivesGarbageBehindAGoodHeader) {
  std::vector<std::byte> file = library_with({{"entry"}});
  std::mt19937 random(7);

  for (int round = 0; round < 5'000; ++round) {
    for (std::size_t at = EI_NIDENT + 4; at < file.size(); ++at) file[at] = static_cast<std::byte>(random());
    (void)exported_symbols(file);
  }
  SUCCEED();
}

TEST(ElfFile, RefusesASymbolNameWithoutEnd) {
  std::vector<std::byte> file = library_with({{"entry"}});
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  file[text.rfind("entry") + 5] = std::byte{'!'};

  EXPECT_THAT(refusal_of(file), HasSubstr("symbol name lies outside the file"));
}

}  // namespace
}  // namespace sluice::plugin
