#include "names.hpp"

#include <algorithm>
#include <array>

namespace sluice::codegen {

using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

namespace {

constexpr std::array<std::string_view, 96> kReserved = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
    "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept", "const",
    "const_cast", "consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete", "do", "double",
    "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if",
    "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or",
    "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "requires", "return", "short", "signed",
    "sizeof", "static", "static_assert", "static_cast", "struct", "switch", "template", "this", "thread_local", "throw",
    "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile",
    "wchar_t", "while", "xor", "xor_eq",
    // Members of every generated struct.
    "encode", "decode"};

constexpr std::array<std::string_view, 3> kOwnMembers = {"encoded_size", "kMessage", "descriptor_set"};

}  // namespace

std::string identifier(std::string_view proto_name) {
  const bool is_reserved = std::find(kReserved.begin(), kReserved.end(), proto_name) != kReserved.end() ||
                           std::find(kOwnMembers.begin(), kOwnMembers.end(), proto_name) != kOwnMembers.end();
  return std::string(proto_name) + (is_reserved ? "_" : "");
}

std::string cpp_namespace(const FileDescriptor& file) {
  std::string result;
  std::string part;
  for (const char letter : file.package() + ".") {
    if (letter != '.') {
      part += letter;
    } else if (!part.empty()) {
      result += (result.empty() ? "" : "::") + identifier(part);
      part.clear();
    }
  }
  return result;
}

std::string codec(const FieldDescriptor& field) {
  const std::string space = "::sluice::wire::";
  switch (field.type()) {
    case FieldDescriptor::TYPE_DOUBLE:
      return space + "Double";
    case FieldDescriptor::TYPE_FLOAT:
      return space + "Float";
    case FieldDescriptor::TYPE_INT64:
      return space + "Int64";
    case FieldDescriptor::TYPE_UINT64:
      return space + "Uint64";
    case FieldDescriptor::TYPE_INT32:
      return space + "Int32";
    case FieldDescriptor::TYPE_FIXED64:
      return space + "Fixed64";
    case FieldDescriptor::TYPE_FIXED32:
      return space + "Fixed32";
    case FieldDescriptor::TYPE_BOOL:
      return space + "Bool";
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
      return space + "String";
    case FieldDescriptor::TYPE_UINT32:
      return space + "Uint32";
    case FieldDescriptor::TYPE_SFIXED32:
      return space + "Sfixed32";
    case FieldDescriptor::TYPE_SFIXED64:
      return space + "Sfixed64";
    case FieldDescriptor::TYPE_SINT32:
      return space + "Sint32";
    case FieldDescriptor::TYPE_SINT64:
      return space + "Sint64";
    case FieldDescriptor::TYPE_ENUM:
      return space + "Enum<" + full_name(*field.enum_type()) + ">";
    case FieldDescriptor::TYPE_MESSAGE:
      return space + "Message<" + full_name(*field.message_type()) + ">";
    case FieldDescriptor::TYPE_GROUP:
      break;
  }
  return "";
}

std::string value_type(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "std::int32_t";
    case FieldDescriptor::CPPTYPE_INT64:
      return "std::int64_t";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "std::uint32_t";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "std::uint64_t";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "double";
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "float";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "bool";
    case FieldDescriptor::CPPTYPE_STRING:
      return "std::string_view";
    case FieldDescriptor::CPPTYPE_ENUM:
      return full_name(*field.enum_type());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return full_name(*field.message_type());
  }
  return "";
}

Shape shape(const FieldDescriptor& field) {
  if (field.is_map()) return Shape::kMap;
  if (field.is_repeated()) return Shape::kRepeated;
  if (field.has_optional_keyword() || field.containing_oneof() != nullptr) return Shape::kOptional;
  return field.message_type() != nullptr ? Shape::kMessage : Shape::kImplicit;
}

std::string member_type(const FieldDescriptor& field) {
  switch (shape(field)) {
    case Shape::kMap: {
      const auto& entry = *field.message_type();
      return "::sluice::Map<" + codec(*entry.FindFieldByNumber(1)) + ", " + codec(*entry.FindFieldByNumber(2)) + ">";
    }
    case Shape::kRepeated:
      return "::sluice::Repeated<" + codec(field) + (field.is_packable() && !field.is_packed() ? ", false>" : ">");
    case Shape::kOptional:
      return "std::optional<" + value_type(field) + ">";
    case Shape::kMessage:
    case Shape::kImplicit:
      return value_type(field);
  }
  return "";
}

}  // namespace sluice::codegen
