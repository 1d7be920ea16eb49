#include "codec/host_schema.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>

#include <sluice/host.pb.h>

namespace sluice::codec {
namespace {

void add_with_imports(const google::protobuf::FileDescriptor& file, std::set<std::string>& seen,
                      google::protobuf::FileDescriptorSet& into) {
  if (!seen.insert(std::string(file.name())).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) add_with_imports(*file.dependency(i), seen, into);
  file.CopyTo(into.add_file());
}

std::shared_ptr<const SchemaSource> schema_of(const google::protobuf::Descriptor& message) {
  google::protobuf::FileDescriptorSet files;
  std::set<std::string> seen;
  add_with_imports(*message.file(), seen, files);
  return std::make_shared<const SchemaSource>(
      SchemaSource{files.SerializeAsString(), std::string(message.full_name())});
}

}  // namespace

std::shared_ptr<const SchemaSource> dead_letter_schema() { return schema_of(*DeadLetter::descriptor()); }
std::shared_ptr<const SchemaSource> gap_schema() { return schema_of(*Gap::descriptor()); }

}  // namespace sluice::codec
