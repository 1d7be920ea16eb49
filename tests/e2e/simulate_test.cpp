#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <sstream>

#include "e2e/gateway.hpp"

namespace sluice::e2e {
namespace {

constexpr std::int64_t kFirstMillisecond = 1'735'689'600'000;  // 2025-01-01T00:00:00Z, where a seeded clock begins
constexpr std::array<const char*, 10> kKeys = {
    "Arrival_Time", "Creation_Time", "Device", "Index", "Model", "User", "gt", "x", "y", "z"};

std::string burst(const test::TempFolder& folder, const std::string& seed, const std::string& events,
                  const std::string& format = "json") {
  const Finished done = run_sluice(folder, {"simulate", "device_sensors", "--mode", "burst", "--events", events,
                                            "--seed", seed, "--format", format});
  EXPECT_EQ(done.code, 0) << done.err;
  return done.out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Empty when the line is a reading as system E defines it; else what is wrong with it.
std::string fault_of(const std::string& line, std::map<std::string, std::int64_t>& last_index) {
  static const std::set<std::string> models = {"nexus4", "iphone12", "pixel6", "galaxy_s21"};
  static const std::set<std::string> activities = {"stand", "walk", "run", "sit"};
  const Json reading = Json::parse(line, nullptr, false);
  if (!reading.is_object() || reading.size() != kKeys.size()) return "not an object of ten keys";
  std::size_t place = 0;
  for (const auto& [key, value] : reading.items()) {
    if (key != kKeys[place]) return "key " + std::to_string(place) + " is " + key;
    const bool is_text = place == 2 || (place >= 4 && place <= 6);
    const bool has_type = is_text      ? value.is_string()
                          : place >= 7 ? value.is_number_float()
                                       : value.is_number_integer();
    if (!has_type) return key + " is a " + value.type_name();
    ++place;
  }
  const std::string model = reading.at("Model");
  const std::string device = reading.at("Device");
  const std::string user = reading.at("User");
  if (!models.contains(model)) return "Model " + model;
  if (device != model + "_1" && device != model + "_2" && device != model + "_3") return "Device " + device;
  if (!activities.contains(reading.at("gt"))) return "gt";
  if (user.size() != 1 || user[0] < 'a' || user[0] > 'z') return "User " + user;
  if (reading.at("Index") != ++last_index[device]) return "Index of " + device;
  for (const auto& [axis, limit] : {std::pair("x", 0.01), std::pair("y", 0.05), std::pair("z", 0.02)}) {
    if (std::abs(reading[axis].get<double>()) > limit) return std::string(axis) + " out of range";
  }
  const std::int64_t arrival_ms = reading.at("Arrival_Time");
  if (arrival_ms < kFirstMillisecond) return "Arrival_Time";
  if (reading.at("Creation_Time").get<std::int64_t>() > arrival_ms * 1'000'000) return "arrives before it is made";
  return "";
}

TEST(Simulate, SameSeedGivesTheSameBytes) {
  const test::TempFolder folder;

  const std::string first = burst(folder, "7", "100000");
  const std::string second = burst(folder, "7", "100000");

  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 100'000);
  EXPECT_TRUE(first == second);
}

TEST(Simulate, AnotherSeedGivesOtherValues) {
  const test::TempFolder folder;

  EXPECT_NE(burst(folder, "7", "10"), burst(folder, "8", "10"));
}

TEST(Simulate, EachLineIsAReadingWithTenKeysInOrderTypedAndInRange) {
  const test::TempFolder folder;
  std::map<std::string, std::int64_t> last_index;

  const std::vector<std::string> lines = lines_of(burst(folder, "7", "100000"));

  ASSERT_EQ(lines.size(), 100'000U);
  for (const std::string& line : lines) ASSERT_EQ(fault_of(line, last_index), "") << line;
  EXPECT_EQ(last_index.size(), 12U);
}

TEST(Simulate, ContinuousModeKeepsToTheRateOfItsOwnClock) {
  const test::TempFolder folder;

  const Finished done =
      run_sluice(folder, {"simulate", "device_sensors", "--rate", "200", "--events", "21", "--seed", "7"});

  const std::vector<std::string> lines = lines_of(done.out);
  ASSERT_EQ(lines.size(), 21U) << done.err;
  const auto arrival = [&](std::size_t line) {
    return Json::parse(lines[line]).at("Arrival_Time").get<std::int64_t>();
  };
  EXPECT_EQ(arrival(20) - arrival(0), 100);
}

TEST(Simulate, ProtobufIsPrintedAsBase64) {
  constexpr const char* kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  const test::TempFolder folder;

  const std::vector<std::string> lines = lines_of(burst(folder, "7", "100", "protobuf"));

  ASSERT_EQ(lines.size(), 100U);
  for (const std::string& line : lines) {
    EXPECT_EQ(line.find_first_not_of(kAlphabet), std::string::npos) << line;
    EXPECT_EQ(line.size() % 4, 0U) << line;
    // Field 1, a varint, as the first byte; the next three decide nothing of the first two characters.
    EXPECT_EQ(line.substr(0, 2), "CI") << line;
  }
}

struct WrongUse {
  const char* name;
  std::vector<std::string> arguments;
  const char* message;
};

void PrintTo(const WrongUse& wrong, std::ostream* out) { *out << wrong.name; }

class SimulateRefuses : public ::testing::TestWithParam<WrongUse> {};

TEST_P(SimulateRefuses, WithAClearMessageAndExitCodeTwo) {
  const test::TempFolder folder;

  const Finished done = run_sluice(folder, GetParam().arguments);

  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find(GetParam().message), std::string::npos) << done.err;
  EXPECT_EQ(done.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    Simulate, SimulateRefuses,
    ::testing::Values(WrongUse{"UnknownOption",
                               {"simulate", "device_sensors", "-o", "ratee=3"},
                               "unknown option 'ratee' of 'simulate'"},
                      WrongUse{"UnknownOptionWithASuggestion",
                               {"simulate", "device_sensors", "-o", "ratee=3"},
                               "did you mean 'rate'?"},
                      WrongUse{"ValueOfAnotherType", {"simulate", "device_sensors", "--rate", "fast"}, "'rate'"},
                      WrongUse{"ValueOutOfBounds", {"simulate", "device_sensors", "--rate", "-1"}, "0.0001..10000000"},
                      WrongUse{"UnknownPlugin", {"simulate", "nope"}, "plugin 'nope' was not found in"},
                      WrongUse{"Consumer", {"simulate", "console"}, "plugin 'console' is a consumer"},
                      WrongUse{"UnknownFormat", {"simulate", "device_sensors", "--format", "xml"}, "--format"}),
    [](const auto& wrong) { return wrong.param.name; });

}  // namespace
}  // namespace sluice::e2e
