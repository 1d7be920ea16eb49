#include "plugin/elf_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "plugin/text.hpp"

namespace sluice::plugin {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#elif defined(__arm__)
constexpr std::uint16_t kMachine = EM_ARM;
#elif defined(__i386__)
constexpr std::uint16_t kMachine = EM_386;
#elif defined(__riscv)
constexpr std::uint16_t kMachine = EM_RISCV;
#else
#error "name the ELF machine of this target"
#endif
constexpr std::uint8_t kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr std::uint8_t kByteOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_ARM:
      return "arm";
    case EM_386:
      return "i386";
    case EM_RISCV:
      return "riscv";
    default:
      return "machine number " + std::to_string(machine);
  }
}

std::string type_name(std::uint16_t type) {
  switch (type) {
    case ET_REL:
      return "an object file";
    case ET_EXEC:
      return "an executable";
    case ET_CORE:
      return "a core dump";
    default:
      return "an ELF file of type " + std::to_string(type);
  }
}

/// One checked copy out of the file; nullopt when it would leave it.
template <class T>
std::optional<T> read_at(std::span<const std::byte> file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::optional<std::span<const std::byte>> section_bytes(std::span<const std::byte> file, const ElfW(Shdr) & section) {
  if (section.sh_offset > file.size() || file.size() - section.sh_offset < section.sh_size) return std::nullopt;
  return file.subspan(section.sh_offset, section.sh_size);
}

bool is_made_by_linker(std::string_view name) {
  constexpr std::array<std::string_view, 10> kNames = {"_init",   "_fini",      "_edata",        "__bss_start",
                                                       "_end",    "_bss_end__", "__bss_start__", "__bss_end__",
                                                       "__end__", "edata"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_exported(const ElfW(Sym) & symbol) {
  // Class-independent: st_info and st_other have the same meaning in both.
  const unsigned binding = symbol.st_info >> 4U;
  const unsigned visibility = symbol.st_other & 3U;
  const bool is_defined = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS;  // SHN_ABS: version names
  return is_defined && (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE) &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

Status invalid(std::string text) { return {Code::kInvalid, std::move(text)}; }
Status cut_short(std::string_view what) {
  return invalid("is a truncated or damaged ELF file: its " + std::string(what) + " lies outside the file");
}

Status check_header(std::span<const std::byte> file) {
  if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) {
    const std::string_view head(reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 8));
    return invalid(file.empty() ? "is empty, expected an ELF shared library"
                                : "is not an ELF file: begins with \"" + printable(head) + "\"");
  }
  if (file.size() < EI_NIDENT) return cut_short("header");
  const auto ident = [&](std::size_t at) { return std::to_integer<std::uint8_t>(file[at]); };
  if (ident(EI_CLASS) != kClass) {
    const std::string found = ident(EI_CLASS) == ELFCLASS64 ? "64" : ident(EI_CLASS) == ELFCLASS32 ? "32" : "unknown";
    return invalid("is an ELF file of " + found + " bits, this gateway takes " + (kClass == ELFCLASS64 ? "64" : "32"));
  }
  if (ident(EI_DATA) != kByteOrder) return invalid("is an ELF file of the other byte order");
  const auto header = read_at<ElfW(Ehdr)>(file, 0);
  if (!header) return cut_short("header");
  if (header->e_machine != kMachine) {
    return invalid("is built for " + machine_name(header->e_machine) + ", this gateway runs on " +
                   machine_name(kMachine));
  }
  if (header->e_type != ET_DYN) return invalid("is " + type_name(header->e_type) + ", expected a shared library");
  return {};
}

/// The symbol table's section and the section of its names.
struct SymbolSections {
  ElfW(Shdr) symbols{};
  ElfW(Shdr) names{};
};

Result<SymbolSections> find_symbol_sections(std::span<const std::byte> file) {
  const ElfW(Ehdr) header = *read_at<ElfW(Ehdr)>(file, 0);
  if (header.e_shoff == 0 || header.e_shnum == 0)
    return invalid("has no section table (stripped too far, or cut short)");
  if (header.e_shentsize != sizeof(ElfW(Shdr))) return invalid("is a damaged ELF file: its section size is wrong");
  const auto section = [&](std::uint64_t index) {
    // e_shoff may be near the end of its range; a sum that wrapped would point into the file again.
    return header.e_shoff > file.size() ? std::nullopt
                                        : read_at<ElfW(Shdr)>(file, header.e_shoff + index * sizeof(ElfW(Shdr)));
  };
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const auto symbols = section(i);
    if (!symbols) return cut_short("section table");
    if (symbols->sh_type != SHT_DYNSYM) continue;
    if (symbols->sh_link >= header.e_shnum) return invalid("is a damaged ELF file: its symbols have no names");
    const auto names = section(symbols->sh_link);
    if (!names) return cut_short("section table");
    return SymbolSections{*symbols, *names};
  }
  return invalid("has no dynamic symbol table");
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Result<std::vector<std::string>> exported_symbols(std::span<const std::byte> file) {
  if (Status header = check_header(file); !header.ok()) return header;
  const Result<SymbolSections> sections = find_symbol_sections(file);
  if (!sections) return sections.status();
  const auto symbols = section_bytes(file, sections->symbols);
  if (!symbols) return cut_short("symbol table");
  const auto names = section_bytes(file, sections->names);
  if (!names) return cut_short("symbol names");

  std::vector<std::string> exported;
  for (std::uint64_t at = 0; symbols->size() - at >= sizeof(ElfW(Sym)); at += sizeof(ElfW(Sym))) {
    const ElfW(Sym) symbol = *read_at<ElfW(Sym)>(*symbols, at);
    if (!is_exported(symbol)) continue;
    if (symbol.st_name >= names->size()) return cut_short("symbol name");
    const char* begin = reinterpret_cast<const char*>(names->data()) + symbol.st_name;
    const std::size_t room = names->size() - symbol.st_name;
    const std::size_t length = ::strnlen(begin, room);
    if (length == room) return cut_short("symbol name");
    if (const std::string_view name(begin, length); !is_made_by_linker(name)) exported.emplace_back(name);
  }
  std::sort(exported.begin(), exported.end());
  return exported;
}

Result<std::vector<std::string>> exported_symbols(const std::filesystem::path& path) {
  const auto io_error = [](std::string_view what) {
    return Status(Code::kIo, "cannot " + std::string(what) + ": " + std::strerror(errno));
  };
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return io_error("open it");
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return io_error("stat it");
  if (!S_ISREG(facts.st_mode)) return invalid("is not a regular file");
  const auto bytes = static_cast<std::uint64_t>(facts.st_size);
  if (bytes == 0) return invalid("is empty, expected an ELF shared library");
  if (bytes > kPluginFileMaxBytes) return invalid("is larger than 256 MiB, which no plugin is");
  // Mapped, not read: a plugin's debug sections are most of its bytes and are never looked at.
  void* mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapped == MAP_FAILED) return io_error("map it");
  Result<std::vector<std::string>> result = exported_symbols({static_cast<const std::byte*>(mapped), bytes});
  ::munmap(mapped, bytes);
  return result;
}

}  // namespace sluice::plugin
