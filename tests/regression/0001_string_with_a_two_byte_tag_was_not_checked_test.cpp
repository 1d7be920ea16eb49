// The check of Protobuf input compared the first byte of a tag with the whole tag of the string expected next. Fields
// 16 to 31 have two-byte tags whose number fits one byte (field 30: 242 = 0xf2, written f2 01), so the length was read
// from the tag's second byte, and the string's own bytes were taken as further fields: text that is not UTF-8 got
// through. Found by Oracle.AgreesOnWhichDamagedBytesAreWellFormed with SLUICE_TEST_SEED=60330509.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "codec/codec.hpp"
#include "codec/schema.hpp"
#include "support/temp_folder.hpp"

namespace sluice::codec {
namespace {

TEST(Regression0001, RefusesTextThatIsNotUtf8BehindATwoByteTag) {
  const sluice::testing::TempFolder folder;
  const auto file = folder.path() / "m.proto";
  std::ofstream(file) << "syntax = \"proto3\"; message M { string text = 30; }";
  auto schema = compile_schema(file, "M");
  ASSERT_TRUE(schema.ok()) << schema.status().text();
  DecoderSpec spec;
  spec.schema = *schema;
  auto decoder = make_record_decoder(spec);
  ASSERT_TRUE(decoder.ok()) << decoder.status().text();
  const std::string text_not_utf8 = "\xf2\x01\x03\x08\xff\x01";
  const std::string unknown_field = "\xa2\x06\x0e" + std::string(14, 'a');
  Buffer out;
  EventFacts facts;

  const Status status = (*decoder)->decode(text_not_utf8 + unknown_field, out, facts);

  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_NE(status.text().find("invalid UTF-8"), std::string::npos) << status.text();
}

}  // namespace
}  // namespace sluice::codec
