#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace sluice::codegen {

/// A proto name as a C++ identifier: keywords and the names that structs use themselves get a trailing underscore.
[[nodiscard]] std::string identifier(std::string_view proto_name);

/// "a.b.c" as "a::b::c"; empty without a package.
[[nodiscard]] std::string cpp_namespace(const google::protobuf::FileDescriptor& file);

/// "Outer_Inner" for nested types, which are declared beside their parents.
template <class Descriptor>
[[nodiscard]] std::string flat_name(const Descriptor& type) {
  const auto* parent = type.containing_type();
  return parent == nullptr ? identifier(type.name()) : flat_name(*parent) + "_" + std::string(type.name());
}

/// "::a::b::Outer_Inner".
template <class Descriptor>
[[nodiscard]] std::string full_name(const Descriptor& type) {
  const std::string space = cpp_namespace(*type.file());
  return "::" + (space.empty() ? "" : space + "::") + flat_name(type);
}

/// The codec of one value of the field: "::sluice::wire::Int64".
[[nodiscard]] std::string codec(const google::protobuf::FieldDescriptor& field);

/// The C++ type of one value of the field.
[[nodiscard]] std::string value_type(const google::protobuf::FieldDescriptor& field);

/// How a struct holds the field.
enum class Shape { kImplicit, kOptional, kMessage, kRepeated, kMap };
[[nodiscard]] Shape shape(const google::protobuf::FieldDescriptor& field);

/// The type of the struct's member.
[[nodiscard]] std::string member_type(const google::protobuf::FieldDescriptor& field);

}  // namespace sluice::codegen
