#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <string>

namespace sluice::codegen {

/// Names of the files made for a .proto: "device/device" for "device/device.proto".
[[nodiscard]] std::string stem(const std::string& proto_path);

/// Why no structs can be made for the file, naming the message or field; empty when they can.
[[nodiscard]] std::string unsupported(const google::protobuf::FileDescriptor& file);

/// The text of x.sluice.hpp: structs, enums and the descriptor set (serialized, with all imports).
[[nodiscard]] std::string cpp_header(const google::protobuf::FileDescriptor& file, const std::string& descriptor_set);

/// The text of x.sluice.h: the descriptor set alone, in C.
[[nodiscard]] std::string c_header(const google::protobuf::FileDescriptor& file, const std::string& descriptor_set);

}  // namespace sluice::codegen
