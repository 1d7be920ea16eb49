#include "codec/schema.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "codec/host_schema.hpp"
#include "codec_fixture.hpp"

namespace sluice::codec {
namespace {

class Schemas : public testing::Test {
 protected:
  Schemas() {
    char name[] = "/tmp/sluice_schema_XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~Schemas() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  /// "ok", or the error without the folder's name.
  std::string compile(const std::string& text, std::string_view message = "") const {
    write("a.proto", text);
    auto schema = compile_schema(folder_ / "a.proto", message);
    if (schema.ok()) return "ok: " + (*schema)->message;
    std::string error = schema.status().text();
    for (std::size_t at; (at = error.find(folder_.string() + "/")) != std::string::npos;) {
      error.erase(at, folder_.string().size() + 1);
    }
    return error;
  }
  std::string compile_fields(const std::string& fields) const {
    return compile("syntax = \"proto3\";\nimport \"sluice/options.proto\";\nmessage M {\n" + fields + "\n}\n");
  }

  std::filesystem::path folder_;
};

TEST_F(Schemas, CompileWithOptionsAndImportsOfTheSameFolder) {
  write("b.proto", "syntax = \"proto3\"; package b; message Inner { int32 n = 1; }");
  EXPECT_EQ(compile("syntax = \"proto3\"; import \"b.proto\"; import \"sluice/options.proto\";\n"
                    "message M { b.Inner inner = 1; int64 t = 2 [(sluice.format) = {time: ISO_UTC}]; }"),
            "ok: M");
}

TEST_F(Schemas, MistakesNameFileLineAndColumn) {
  EXPECT_EQ(compile("syntax = \"proto3\";\nmessage M {\n  strin x = 1;\n}\n"),
            "a.proto:3:3: \"strin\" is not defined.");
  EXPECT_EQ(compile("syntax = \"proto3\";\nmessage M {\n  int32 x = ;\n}\n"), "a.proto:3:13: Expected field number.");
  EXPECT_NE(compile("syntax = \"proto3\";\nimport \"none.proto\";\nmessage M {}\n").find("none.proto"),
            std::string::npos);
}

TEST_F(Schemas, AMessageIsChosenByNameOrWhenThereIsOnlyOne) {
  const std::string two = "syntax = \"proto3\"; package p; message A { message C {} } message B {}";
  EXPECT_EQ(compile(two, "p.B"), "ok: p.B");
  EXPECT_EQ(compile(two, "p.A.C"), "ok: p.A.C");
  EXPECT_EQ(compile(two), "a.proto: say which message; it has: p.A, p.B");
  EXPECT_EQ(compile(two, "p.X"), "a.proto: no message p.X; it has: p.A, p.B");
  EXPECT_EQ(compile_schema(folder_ / "none.proto", "").status().code(), Code::kNotFound);
}

TEST_F(Schemas, WhatPlansDoNotSupportIsRefusedByName) {
  EXPECT_EQ(compile("syntax = \"proto2\"; message M { optional int32 a = 1; }"),
            "a.proto: M: a.proto is not syntax = \"proto3\"");
  EXPECT_EQ(compile("syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\";\n"
                    "message M { google.protobuf.Timestamp t = 1; }"),
            "a.proto: M.t: google.protobuf.Timestamp is not supported: use an int64 with "
            "[(sluice.format) = {time: ISO_UTC}]");
  EXPECT_EQ(compile("syntax = \"proto3\"; import \"google/protobuf/wrappers.proto\";\n"
                    "message M { google.protobuf.Int32Value n = 1; }"),
            "a.proto: M.n: google.protobuf.Int32Value is not supported: use an optional field of the plain type");
}

TEST_F(Schemas, OptionsOnUnfitFieldsAreRefused) {
  EXPECT_EQ(compile_fields("string t = 1 [(sluice.format) = {time: ISO_UTC}];"),
            "a.proto: M.t: option time: expected an int64 field");
  EXPECT_EQ(compile_fields("double p = 1 [(sluice.format) = {decimal_scale: 2}];"),
            "a.proto: M.p: option decimal_scale: expected an int64 field");
  EXPECT_EQ(compile_fields("int64 p = 1 [(sluice.format) = {decimal_scale: 19}];"),
            "a.proto: M.p: option decimal_scale: expected 1 to 18");
  EXPECT_EQ(compile_fields("int32 p = 1 [(sluice.format) = {unit: SECONDS}];"),
            "a.proto: M.p: option unit: expected an int64 field");
  EXPECT_EQ(compile_fields("int64 p = 1 [(sluice.format) = {time: ISO_UTC, precision: 10}];"),
            "a.proto: M.p: option precision: expected 0 to 9");
  EXPECT_EQ(compile_fields("int64 p = 1 [(sluice.format) = {precision: 3}];"),
            "a.proto: M.p: option precision needs option time");
  EXPECT_EQ(compile_fields("int32 p = 1 [(sluice.format) = {integer_as_string: true}];"),
            "a.proto: M.p: option integer_as_string: expected a 64-bit integer field");
  EXPECT_EQ(compile_fields("int64 p = 1 [(sluice.format) = {time: ISO_UTC, decimal_scale: 2}];"),
            "a.proto: M.p: options time, decimal_scale and integer_as_string exclude each other");
  EXPECT_EQ(compile_fields("int64 p = 1 [(sluice.format) = {null_rule: NULL_WHEN_ABSENT}];"),
            "a.proto: M.p: options null_rule and null_when: expected an optional field");
  EXPECT_EQ(compile_fields("optional int64 p = 1 [(sluice.format) = {null_when: \"kind=A\"}]; string kind = 2;"),
            "a.proto: M.p: option null_when: \"kind\" is no string field of this message with a lower number");
  EXPECT_EQ(compile_fields("string kind = 1; optional int64 p = 2 [(sluice.format) = {null_when: \"kind\"}];"),
            "a.proto: M.p: option null_when: expected \"field=value\", got \"kind\"");
}

TEST_F(Schemas, DeclarationsOfPluginsAreChecked) {
  const auto checker = make_schema_checker();
  const std::string set = test_schema("reading.proto", "reading.DeviceReading")->descriptor_set;
  StreamDeclaration stream;
  stream.name = "readings";
  stream.message = "reading.DeviceReading";
  stream.key_field = "device";
  stream.time_field = "arrival_time";
  EXPECT_TRUE(checker->check(set, {stream}).ok());
  EXPECT_EQ(checker->check("\xff", {stream}).text(),
            "stream readings: descriptor set: not a google.protobuf.FileDescriptorSet");
  EXPECT_EQ(checker->check("", {stream}).text(), "stream readings: descriptor set: holds no file");
  stream.key_field = "nothing";
  EXPECT_EQ(checker->check(set, {stream}).code(), Code::kInvalid);
  stream.message = "reading.Nothing";
  EXPECT_EQ(checker->check(set, {stream}).text(),
            "stream readings: message reading.Nothing is not in the descriptor set");
}

TEST(HostSchemas, MakeCodecs) {
  const auto codec = test_codec(gap_schema());
  EXPECT_EQ(json_again(*codec, R"({"gateway":"edge-01","streams":["a","b"],"first_time":"2025-01-01T00:00:00Z"})"),
            R"({"gateway":"edge-01","epoch":0,"from":0,"to":0,"count":0,"reason":"","streams":["a","b"],)"
            R"("first_time":"2025-01-01T00:00:00Z","last_time":"1970-01-01T00:00:00Z"})");
  EXPECT_NE(test_codec(dead_letter_schema()), nullptr);
}

}  // namespace
}  // namespace sluice::codec
