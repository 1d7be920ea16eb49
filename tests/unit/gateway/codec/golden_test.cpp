#include <fstream>

#include "codec_fixture.hpp"

namespace sluice::codec {
namespace {

void expect_exact(const std::string& golden, const std::string& proto, std::string_view message, std::size_t lines) {
  const auto codec = test_codec(test_schema(proto, message));
  std::ifstream file(std::string(CODEC_GOLDEN_DIR) + "/" + golden);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) EXPECT_EQ(json_again(*codec, line), line);
  EXPECT_EQ(count, lines);
}

TEST(GoldenJson, StudentActivitiesAreExact) {
  expect_exact("student_activity.ndjson", "student.proto", "student.StudentActivity", 5);
}
TEST(GoldenJson, StudentAttendanceIsExact) {
  expect_exact("student_attendance.ndjson", "student.proto", "student.StudentAttendance", 1);
}
TEST(GoldenJson, ClickEventsAreExact) { expect_exact("clickstream.ndjson", "click.proto", "click.ClickEvent", 1); }
TEST(GoldenJson, DeviceReadingsAreExact) {
  expect_exact("device_readings.ndjson", "reading.proto", "reading.DeviceReading", 1);
}

TEST(GoldenJson, UnknownHelpfulnessIsNullInAForumPostAndAbsentElsewhere) {
  const auto codec = test_codec(test_schema("student.proto", "student.StudentActivity"));
  const std::string login = json_again(*codec, R"({"event_type":"LOGIN"})");
  const std::string post = json_again(*codec, R"({"event_type":"FORUM_POST","is_helpful":null})");
  EXPECT_EQ(login, R"({"event_id":"","event_type":"LOGIN","student_id":"","timestamp":"1970-01-01T00:00:00"})");
  EXPECT_EQ(post, R"({"event_id":"","event_type":"FORUM_POST","student_id":"","timestamp":"1970-01-01T00:00:00",)"
                  R"("is_helpful":null})");
}

TEST(GoldenWire, ADeviceReadingHasTheseBytes) {
  const auto codec = test_codec(test_schema("reading.proto", "reading.DeviceReading"));
  const std::string wire =
      wire_of(*codec, R"({"Arrival_Time":1424686735175,"Creation_Time":1,"Device":"nexus4_1",)"
                      R"("Index":35,"Model":"","User":"g","gt":"stand","x":0.5,"y":0.0,"z":-0.0})");
  EXPECT_EQ(wire, std::string("\x08\xc7\xbe\xc9\xaf\xbb\x29\x10\x01\x1a\x08nexus4_1\x20\x23\x32\x01g\x3a\x05stand"
                              "\x41\0\0\0\0\0\0\xe0\x3f\x51\0\0\0\0\0\0\0\x80",
                              49));
}

}  // namespace
}  // namespace sluice::codec
