/// protoc-gen-sluice: reads a CodeGeneratorRequest from standard input, writes the response to standard output. It
/// builds its own descriptor pool instead of using protoc's plugin library, because the bytes of custom options must
/// survive untouched.

#include <google/protobuf/compiler/plugin.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <iostream>
#include <map>
#include <set>
#include <string>

#include "generator.hpp"

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::compiler::CodeGeneratorRequest;
using google::protobuf::compiler::CodeGeneratorResponse;

using Files = std::map<std::string, const FileDescriptorProto*>;

/// Appends the file behind everything it imports, each once, without comments and positions.
void add_with_imports(const FileDescriptorProto& file, const Files& files, std::set<std::string>& added,
                      FileDescriptorSet& to) {
  if (!added.insert(file.name()).second) return;
  for (const std::string& import : file.dependency()) add_with_imports(*files.at(import), files, added, to);
  FileDescriptorProto& copy = *to.add_file();
  copy = file;
  copy.clear_source_code_info();
}

/// Empty on success, else what is wrong.
std::string generate(const CodeGeneratorRequest& request, CodeGeneratorResponse& response) {
  Files files;
  DescriptorPool pool;
  for (const FileDescriptorProto& file : request.proto_file()) {
    files[file.name()] = &file;
    if (pool.BuildFile(file) == nullptr) return file.name() + ": not a valid description";
  }
  for (const std::string& name : request.file_to_generate()) {
    if (name == "sluice/options.proto") continue;
    const FileDescriptor& file = *pool.FindFileByName(name);
    if (const std::string why = sluice::codegen::unsupported(file); !why.empty()) return name + ": " + why;

    FileDescriptorSet set;
    std::set<std::string> added;
    add_with_imports(*files.at(name), files, added, set);
    const std::string bytes = set.SerializeAsString();
    auto* cpp = response.add_file();
    cpp->set_name(sluice::codegen::stem(name) + ".sluice.hpp");
    cpp->set_content(sluice::codegen::cpp_header(file, bytes));
    auto* c = response.add_file();
    c->set_name(sluice::codegen::stem(name) + ".sluice.h");
    c->set_content(sluice::codegen::c_header(file, bytes));
  }
  return "";
}

}  // namespace

int main() {
  CodeGeneratorRequest request;
  if (!request.ParseFromIstream(&std::cin)) {
    std::cerr << "protoc-gen-sluice: run me through protoc --sluice_out=DIR; standard input held no request\n";
    return 1;
  }
  CodeGeneratorResponse response;
  response.set_supported_features(CodeGeneratorResponse::FEATURE_PROTO3_OPTIONAL);
  if (const std::string error = generate(request, response); !error.empty()) {
    response.clear_file();
    response.set_error(error);
  }
  return response.SerializeToOstream(&std::cout) ? 0 : 1;
}
