#include "codec/descriptors.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <set>
#include <string>

#include <sluice/options.pb.h>

namespace sluice::codec {
namespace {

namespace pb = google::protobuf;

class FirstError final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& filename, const std::string& element_name, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    if (text.empty()) text = filename + ": " + element_name + ": " + message;
  }
  std::string text;
};

class Loader {
 public:
  explicit Loader(const pb::FileDescriptorSet& files) {
    for (const auto& file : files.file()) files_.emplace(file.name(), &file);
  }

  Status load(const std::string& name, pb::DescriptorPool& pool) {
    if (!begun_.insert(name).second) {
      return pool.FindFileByName(name) != nullptr
                 ? Status()
                 : Status(Code::kInvalid, "descriptor set: " + name + " imports itself");
    }
    pb::FileDescriptorProto own;
    const pb::FileDescriptorProto* file = nullptr;
    if (const auto found = files_.find(name); found != files_.end()) {
      file = found->second;
    } else if (const auto* built_in = pb::DescriptorPool::generated_pool()->FindFileByName(name)) {
      built_in->CopyTo(&own);
      file = &own;
    } else {
      return {Code::kInvalid, "descriptor set: lacks the imported file " + name};
    }
    for (const auto& import : file->dependency()) {
      if (Status status = load(import, pool); !status.ok()) return status;
    }
    FirstError error;
    if (pool.BuildFileCollectingErrors(*file, &error) == nullptr) {
      return {Code::kInvalid, "descriptor set: " + error.text};
    }
    return {};
  }

  Status load_all(pb::DescriptorPool& pool) {
    for (const auto& [name, file] : files_) {
      if (Status status = load(name, pool); !status.ok()) return status;
    }
    return {};
  }

 private:
  std::map<std::string, const pb::FileDescriptorProto*> files_;
  std::set<std::string> begun_;
};

}  // namespace

Result<std::unique_ptr<pb::DescriptorPool>> open_descriptor_set(std::string_view descriptor_set) {
  // Links options.proto in, whose extensions give the options their meaning.
  (void)sluice::FieldFormat::default_instance();
  pb::FileDescriptorSet files;
  if (!files.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()))) {
    return Status(Code::kInvalid, "descriptor set: not a google.protobuf.FileDescriptorSet");
  }
  if (files.file_size() == 0) return Status(Code::kInvalid, "descriptor set: holds no file");
  auto pool = std::make_unique<pb::DescriptorPool>();
  Loader loader(files);
  if (Status status = loader.load_all(*pool); !status.ok()) return status;
  return pool;
}

}  // namespace sluice::codec
