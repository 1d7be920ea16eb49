#include "codec/schema.hpp"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <set>

#include <sluice/options.pb.h>
#include "codec/plan_builder.hpp"
#include "codec/wire_check.hpp"

namespace sluice::codec {
namespace {

namespace pb = google::protobuf;

/// Collects mistakes as FILE:LINE:COL, with the name of the user's file as it was given.
class Mistakes final : public pb::compiler::MultiFileErrorCollector {
 public:
  explicit Mistakes(const std::filesystem::path& folder) : folder_(folder) {}

  void AddError(const std::string& filename, int line, int column, const std::string& message) override {
    constexpr std::size_t kMaxText = 4096;
    if (text.size() > kMaxText) return;
    if (!text.empty()) text += '\n';
    text += (folder_ / filename).string();
    // Lines and columns count from 0; -1 is "the file as a whole".
    if (line >= 0) text += ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1);
    text += ": " + message;
  }

  std::string text;

 private:
  const std::filesystem::path folder_;
};

void add_with_imports(const pb::FileDescriptor& file, std::set<std::string>& seen, pb::FileDescriptorSet& into) {
  if (!seen.insert(file.name()).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) add_with_imports(*file.dependency(i), seen, into);
  file.CopyTo(into.add_file());
  // What a reader resolves names with when json_name is not given.
  file.CopyJsonNameTo(into.mutable_file(into.file_size() - 1));
}

Result<const pb::Descriptor*> choose(const pb::FileDescriptor& file, const std::filesystem::path& path,
                                     std::string_view message) {
  if (message.empty() && file.message_type_count() == 1) return file.message_type(0);
  std::string known;
  for (int i = 0; i < file.message_type_count(); ++i) {
    const std::string& name = file.message_type(i)->full_name();
    if (name == message) return file.message_type(i);
    known += (known.empty() ? "" : ", ") + name;
  }
  if (const auto* nested = file.pool()->FindMessageTypeByName(std::string(message))) return nested;
  const std::string has = known.empty() ? "it has no message" : "it has: " + known;
  if (message.empty()) return Status(Code::kNotFound, path.string() + ": say which message; " + has);
  return Status(Code::kNotFound, path.string() + ": no message " + std::string(message) + "; " + has);
}

class Checker final : public SchemaChecker {
 public:
  Status check(std::string_view descriptor_set, const std::vector<StreamDeclaration>& streams) const override {
    for (const StreamDeclaration& stream : streams) {
      if (stream.message.empty()) continue;
      const std::string context = "stream " + stream.name;
      auto plan = build_plan({std::string(descriptor_set), stream.message}, "UTC");
      if (!plan) return plan.status().with_context(context);
      auto facts = FactFinder::create(*(*plan)->root, stream.key_field, stream.time_field, {});
      if (!facts) return facts.status().with_context(context);
    }
    return {};
  }
};

}  // namespace

Result<std::shared_ptr<const SchemaSource>> compile_schema(const std::filesystem::path& file,
                                                           std::string_view message) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(file, failure))
    return Status(Code::kNotFound, file.string() + ": no such file");
  // Links options.proto in, so that an import of it resolves.
  (void)sluice::FieldFormat::default_instance();

  pb::compiler::DiskSourceTree tree;
  const std::filesystem::path folder = file.parent_path();
  tree.MapPath("", folder.empty() ? "." : folder.string());
  pb::DescriptorPoolDatabase built_in(*pb::DescriptorPool::generated_pool());
  pb::compiler::SourceTreeDescriptorDatabase database(&tree, &built_in);
  Mistakes mistakes(folder);
  database.RecordErrorsTo(&mistakes);
  pb::DescriptorPool pool(&database, database.GetValidationErrorCollector());
  // Unused imports and the like are warnings, which are not asked for.
  const pb::FileDescriptor* compiled = pool.FindFileByName(file.filename().string());
  if (compiled == nullptr || !mistakes.text.empty()) {
    return Status(Code::kInvalid, mistakes.text.empty() ? file.string() + ": does not compile" : mistakes.text);
  }
  auto chosen = choose(*compiled, file, message);
  if (!chosen) return chosen.status();

  pb::FileDescriptorSet files;
  std::set<std::string> seen;
  add_with_imports(*(*chosen)->file(), seen, files);
  auto schema = std::make_shared<const SchemaSource>(SchemaSource{files.SerializeAsString(), (*chosen)->full_name()});
  if (auto plan = build_plan(*schema, "UTC"); !plan) return plan.status().with_context(file.string());
  return schema;
}

std::unique_ptr<SchemaChecker> make_schema_checker() { return std::make_unique<Checker>(); }

}  // namespace sluice::codec
