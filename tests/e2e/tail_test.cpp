#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "e2e/gateway.hpp"

namespace sluice::e2e {
namespace {

TEST(Tail, DecodesProtobufWhoseFirstBytesLookLikeAnIndentedJsonObject) {
  const test::TempFolder folder;
  // Field 1 and its length are the bytes 0x0a 0x7b: "\n{".
  const std::string text(0x7b, 't');
  folder.write("note.proto", "syntax = \"proto3\";\npackage notes;\nmessage Note {\n  string text = 1;\n}\n");
  const auto lines = folder.write("notes.ndjson", "{\"text\":\"" + text + "\"}\n");
  const auto config =
      folder.write("c.toml", "[gateway]\nname = \"tail\"\nstate_dir = \"" + (folder / "state").string() +
                                 "\"\nplugin_path = [\"" + plugin_folder() +
                                 "\"]\n[admin]\nlisten = \"127.0.0.1:0\"\n[kafka]\nbootstrap_servers = "
                                 "\"embedded\"\n[[source]]\nname = \"notes\"\nplugin = \"ndjson\"\n"
                                 "options = { path = [\"" +
                                 lines.string() +
                                 "\"], follow = false }\n[source.streams.notes]\nschema = "
                                 "\"note.proto\"\nmessage = \"notes.Note\"\nformat = \"protobuf\"\n");
  Gateway gateway(folder, "gateway", config);
  ASSERT_TRUE(gateway.wait_status([](const Json& status) { return status.at("events").at("delivered") == 1; }))
      << gateway.process().standard_error();
  const std::string broker = gateway.get("/api/status").value().at("broker").at("bootstrap");

  const Finished done = run_sluice(
      folder, {"tail", "notes", "--from-beginning", "--max", "1", "--json", "--config", config.string(), "-b", broker});

  ASSERT_EQ(done.code, 0) << done.err;
  const Json record = Json::parse(done.out, nullptr, false);
  ASSERT_TRUE(record.is_object()) << done.out;
  EXPECT_EQ(record.at("value"), Json({{"text", text}})) << done.out;
}

}  // namespace
}  // namespace sluice::e2e
