#include "generator.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>
#include <vector>

#include "names.hpp"

namespace sluice::codegen {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

namespace {

constexpr const char* kOptionsProto = "sluice/options.proto";
constexpr const char* kDescriptorProto = "google/protobuf/descriptor.proto";

[[nodiscard]] std::string symbol(const FileDescriptor& file) {
  std::string name = stem(file.name());
  for (char& letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  }
  return name + "_descriptor_set";
}

void write_array(std::ostream& out, const std::string& bytes) {
  constexpr std::size_t kPerLine = 24;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out << (i % kPerLine == 0 ? "\n    " : " ") << static_cast<unsigned>(static_cast<unsigned char>(bytes[i])) << ",";
  }
}

void collect(const Descriptor& type, std::vector<const Descriptor*>& messages,
             std::vector<const EnumDescriptor*>& enums) {
  for (int i = 0; i < type.enum_type_count(); ++i) enums.push_back(type.enum_type(i));
  for (int i = 0; i < type.nested_type_count(); ++i) {
    if (!type.nested_type(i)->options().map_entry()) collect(*type.nested_type(i), messages, enums);
  }
  messages.push_back(&type);
}

/// Types that must be complete before `type` is: everything its members and their codecs mention.
[[nodiscard]] std::vector<const Descriptor*> needs(const Descriptor& type) {
  std::vector<const Descriptor*> result;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->is_map()) field = field->message_type()->FindFieldByNumber(2);
    if (field->message_type() != nullptr && field->message_type()->file() == type.file()) {
      result.push_back(field->message_type());
    }
  }
  return result;
}

/// Puts `type` behind what it needs. False when it needs itself; `path` then names the way round.
bool order(const Descriptor& type, std::vector<const Descriptor*>& done, std::vector<const Descriptor*>& path) {
  if (std::find(done.begin(), done.end(), &type) != done.end()) return true;
  const bool is_cycle = std::find(path.begin(), path.end(), &type) != path.end();
  path.push_back(&type);
  if (is_cycle) return false;
  for (const Descriptor* needed : needs(type)) {
    if (!order(*needed, done, path)) return false;
  }
  path.pop_back();
  done.push_back(&type);
  return true;
}

struct Types {
  std::vector<const Descriptor*> messages;  // each behind those it contains
  std::vector<const EnumDescriptor*> enums;
  std::string recursion;  // "a.Tree -> a.Tree" when a message contains itself
};

[[nodiscard]] Types types_of(const FileDescriptor& file) {
  Types types;
  std::vector<const Descriptor*> all;
  for (int i = 0; i < file.enum_type_count(); ++i) types.enums.push_back(file.enum_type(i));
  for (int i = 0; i < file.message_type_count(); ++i) collect(*file.message_type(i), all, types.enums);
  for (const Descriptor* type : all) {
    std::vector<const Descriptor*> path;
    if (order(*type, types.messages, path)) continue;
    for (const Descriptor* step : path) types.recursion += (types.recursion.empty() ? "" : " -> ") + step->full_name();
    break;
  }
  return types;
}

void write_enum(std::ostream& out, const EnumDescriptor& type) {
  out << "enum class " << flat_name(type) << " : std::int32_t {\n";
  for (int i = 0; i < type.value_count(); ++i) {
    out << "  " << identifier(type.value(i)->name()) << " = " << type.value(i)->number() << ",\n";
  }
  out << "};\n\n";
}

void write_members(std::ostream& out, const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    google::protobuf::SourceLocation location;
    std::string comment;
    if (field.GetSourceLocation(&location)) {
      comment = location.trailing_comments.empty() ? location.leading_comments : location.trailing_comments;
    }
    std::replace(comment.begin(), comment.end(), '\n', ' ');
    // A backslash at the end of a line comment would swallow the next member.
    std::replace(comment.begin(), comment.end(), '\\', '/');
    while (!comment.empty() && comment.back() == ' ') comment.pop_back();
    while (!comment.empty() && comment.front() == ' ') comment.erase(0, 1);
    out << "  " << member_type(field) << " " << identifier(field.name()) << "{};";
    if (!comment.empty()) out << "  ///< " << comment;
    out << "\n";
  }
}

/// Fields in the order of their numbers: the order protobuf writes.
[[nodiscard]] std::vector<const FieldDescriptor*> by_number(const Descriptor& type) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
  std::sort(fields.begin(), fields.end(), [](const auto* a, const auto* b) { return a->number() < b->number(); });
  return fields;
}

[[nodiscard]] std::string arguments(const FieldDescriptor& field) {
  return "<" + codec(field) + ", " + std::to_string(field.number()) + ">";
}

void write_sizes(std::ostream& out, const std::vector<const FieldDescriptor*>& fields) {
  out << "  /// Exactly what encode appends.\n  [[nodiscard]] std::size_t encoded_size() const {\n    return 0";
  for (const FieldDescriptor* field : fields) {
    const std::string name = "this->" + identifier(field->name());
    out << "\n           + ";
    switch (shape(*field)) {
      case Shape::kImplicit:
        out << "::sluice::wire::implicit_size" << arguments(*field) << "(" << name << ")";
        break;
      case Shape::kMessage:
        out << "::sluice::wire::present_size" << arguments(*field) << "(" << name << ")";
        break;
      case Shape::kOptional:
        out << "(" << name << " ? ::sluice::wire::present_size" << arguments(*field) << "(*" << name << ") : 0)";
        break;
      case Shape::kRepeated:
      case Shape::kMap:
        out << name << ".template encoded_size<" << field->number() << ">()";
        break;
    }
  }
  out << ";\n  }\n";
  out << "  [[nodiscard]] std::size_t sluice_max_size() const {\n    return 0";
  for (const FieldDescriptor* field : fields) {
    const std::string name = "this->" + identifier(field->name());
    out << "\n           + ";
    switch (shape(*field)) {
      case Shape::kImplicit:
      case Shape::kMessage:
        out << "::sluice::wire::present_max_size" << arguments(*field) << "(" << name << ")";
        break;
      case Shape::kOptional:
        out << "(" << name << " ? ::sluice::wire::present_max_size" << arguments(*field) << "(*" << name << ") : 0)";
        break;
      case Shape::kRepeated:
      case Shape::kMap:
        out << name << ".template max_size<" << field->number() << ">()";
        break;
    }
  }
  out << ";\n  }\n";
}

void write_encode(std::ostream& out, const std::vector<const FieldDescriptor*>& fields) {
  out << "  /// Appends the wire bytes, fields in the order of their numbers.\n"
         "  void encode(::sluice::wire::Buffer& sluice_out) const {\n"
         "    sluice_out.set_end(sluice_write(sluice_out.grow(sluice_max_size())));\n  }\n"
         "  [[nodiscard]] char* sluice_write(char* sluice_to) const {\n";
  for (const FieldDescriptor* field : fields) {
    const std::string name = "this->" + identifier(field->name());
    switch (shape(*field)) {
      case Shape::kImplicit:
        out << "    sluice_to = ::sluice::wire::write_implicit" << arguments(*field) << "(sluice_to, " << name
            << ");\n";
        break;
      case Shape::kMessage:
        out << "    sluice_to = ::sluice::wire::write_present" << arguments(*field) << "(sluice_to, " << name << ");\n";
        break;
      case Shape::kOptional:
        out << "    if (" << name << ") sluice_to = ::sluice::wire::write_present" << arguments(*field)
            << "(sluice_to, *" << name << ");\n";
        break;
      case Shape::kRepeated:
      case Shape::kMap:
        out << "    sluice_to = " << name << ".template write<" << field->number() << ">(sluice_to);\n";
        break;
    }
  }
  out << "    return sluice_to;\n  }\n";
}

/// Setting one member of a oneof unsets the others.
void write_oneof_resets(std::ostream& out, const FieldDescriptor& field) {
  const auto* oneof = field.real_containing_oneof();
  if (oneof == nullptr) return;
  for (int i = 0; i < oneof->field_count(); ++i) {
    if (oneof->field(i) != &field) out << "          this->" << identifier(oneof->field(i)->name()) << ".reset();\n";
  }
}

void write_decode(std::ostream& out, const std::vector<const FieldDescriptor*>& fields, const std::string& name) {
  const bool has_views =
      std::any_of(fields.begin(), fields.end(), [](const FieldDescriptor* f) { return f->is_repeated(); });
  out << "  /// Replaces every member; strings and views point into `sluice_bytes`. Unknown fields are passed over. "
         "False on\n"
         "  /// malformed bytes: the members are then unspecified.\n"
         "  [[nodiscard]] bool decode(std::string_view sluice_bytes) {\n"
         "    *this = "
      << name
      << "{};\n"
         "    return sluice_merge(sluice_bytes);\n  }\n"
         "  [[nodiscard]] bool sluice_merge(std::string_view sluice_bytes) {\n"
         "    ::sluice::wire::Reader sluice_in(sluice_bytes);\n"
         "    while (!sluice_in.is_at_end()) {\n";
  if (has_views) out << "      const char* sluice_start = sluice_in.position();\n";
  out << "      std::uint32_t sluice_tag = 0;\n"
         "      if (!sluice_in.tag(sluice_tag)) return false;\n"
         "      switch (sluice_tag) {\n";
  for (const FieldDescriptor* field : fields) {
    const std::string member = "this->" + identifier(field->name());
    const std::string label = "        case ::sluice::wire::tag_of(" + std::to_string(field->number()) + ", ";
    switch (shape(*field)) {
      case Shape::kImplicit:
      case Shape::kMessage:
        out << label << codec(*field) << "::kType):\n          if (!" << codec(*field) << "::read(sluice_in, " << member
            << ")) return false;\n          break;\n";
        break;
      case Shape::kOptional:
        out << label << codec(*field) << "::kType):\n";
        write_oneof_resets(out, *field);
        out << "          if (!::sluice::wire::read_optional<" << codec(*field) << ">(sluice_in, " << member
            << ")) return false;\n          break;\n";
        break;
      case Shape::kRepeated:
        if (field->is_packable()) out << label << codec(*field) << "::kType):\n";
        [[fallthrough]];
      case Shape::kMap:
        out << label << "::sluice::wire::Type::kLength):\n          if (!" << member
            << ".read(sluice_in, sluice_start, sluice_tag)) return false;\n          break;\n";
        break;
    }
  }
  out << "        default:\n          if (!sluice_in.skip(sluice_tag)) return false;\n      }\n    }\n    return "
         "true;\n  }\n";
}

void write_message(std::ostream& out, const Descriptor& type, const std::string& array) {
  const std::string name = flat_name(type);
  out << "struct " << name << " {\n";
  for (int i = 0; i < type.nested_type_count(); ++i) {
    const Descriptor& nested = *type.nested_type(i);
    if (!nested.options().map_entry())
      out << "  using " << identifier(nested.name()) << " = " << flat_name(nested) << ";\n";
  }
  for (int i = 0; i < type.enum_type_count(); ++i) {
    out << "  using " << identifier(type.enum_type(i)->name()) << " = " << flat_name(*type.enum_type(i)) << ";\n";
  }
  write_members(out, type);
  out << "\n  static constexpr std::string_view kMessage = \"" << type.full_name() << "\";\n"
      << "  [[nodiscard]] static constexpr std::span<const unsigned char> descriptor_set() {\n"
      << "    return ::sluice_generated::" << array << ";\n  }\n";
  const auto fields = by_number(type);
  write_sizes(out, fields);
  write_encode(out, fields);
  write_decode(out, fields, name);
  out << "};\n\n";
}

}  // namespace

std::string stem(const std::string& proto_path) {
  const std::string ending = ".proto";
  if (proto_path.size() < ending.size() ||
      proto_path.compare(proto_path.size() - ending.size(), ending.size(), ending) != 0) {
    return proto_path;
  }
  return proto_path.substr(0, proto_path.size() - ending.size());
}

std::string unsupported(const FileDescriptor& file) {
  if (file.syntax() != FileDescriptor::SYNTAX_PROTO3) return "is not proto3: start it with syntax = \"proto3\";";
  const Types types = types_of(file);
  if (!types.recursion.empty()) return "a message contains itself, which a plain struct cannot: " + types.recursion;
  return "";
}

std::string cpp_header(const FileDescriptor& file, const std::string& descriptor_set) {
  std::ostringstream out;
  out << "// Made by protoc-gen-sluice from " << file.name()
      << ". Do not edit.\n#pragma once\n\n"
         "#include <cstddef>\n#include <cstdint>\n#include <optional>\n#include <span>\n#include <string_view>\n\n"
         "#include <sluice/repeated.hpp>\n#include <sluice/wire.hpp>\n";
  for (int i = 0; i < file.dependency_count(); ++i) {
    const std::string& import = file.dependency(i)->name();
    if (import != kOptionsProto && import != kDescriptorProto)
      out << "#include \"" << stem(import) << ".sluice.hpp\"\n";
  }
  const std::string array = symbol(file);
  out << "\nnamespace sluice_generated {\n/// google.protobuf.FileDescriptorSet with all imports.\ninline constexpr "
         "unsigned char "
      << array << "[] = {";
  write_array(out, descriptor_set);
  out << "};\n}  // namespace sluice_generated\n\n";

  const Types types = types_of(file);
  const std::string space = cpp_namespace(file);
  if (!space.empty()) out << "namespace " << space << " {\n\n";
  for (const EnumDescriptor* type : types.enums) write_enum(out, *type);
  for (const Descriptor* type : types.messages) write_message(out, *type, array);
  if (!space.empty()) out << "}  // namespace " << space << "\n";
  return out.str();
}

std::string c_header(const FileDescriptor& file, const std::string& descriptor_set) {
  const std::string array = symbol(file);
  std::string guard = array + "_H";
  std::transform(guard.begin(), guard.end(), guard.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::ostringstream out;
  out << "/* Made by protoc-gen-sluice from " << file.name() << ". Do not edit. */\n#ifndef SLUICE_" << guard
      << "\n#define SLUICE_" << guard
      << "\n\n#include <stdint.h>\n\n/* google.protobuf.FileDescriptorSet with all imports. */\nstatic const uint8_t "
      << array << "[" << descriptor_set.size() << "] = {";
  write_array(out, descriptor_set);
  out << "};\n\n#endif\n";
  return out.str();
}

}  // namespace sluice::codegen
