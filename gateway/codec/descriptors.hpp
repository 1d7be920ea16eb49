#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string_view>

#include "core/status.hpp"

namespace sluice::codec {

/// A pool of the files in a serialized FileDescriptorSet. Imports the set lacks are taken from this program if it has
/// them (google/protobuf/*.proto, sluice/options.proto). Internal to codec/: this header pulls protobuf in.
Result<std::unique_ptr<google::protobuf::DescriptorPool>> open_descriptor_set(std::string_view descriptor_set);

}  // namespace sluice::codec
