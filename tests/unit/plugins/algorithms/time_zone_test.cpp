#include "sluice/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "sluice/random.hpp"

namespace {

using namespace sluice;

std::string text_in(const char* zone, std::int64_t utc_s) {
  const auto text = TimeZone::find(zone).text(Time(std::chrono::seconds(utc_s)));
  return {text.data(), text.size()};
}

TEST(TimeZone, AgreesWithTheCLibraryFrom1950To2100) {
  for (const char* name : {"UTC", "Asia/Jakarta", "Europe/Berlin", "America/New_York", "Australia/Sydney",
                           "Asia/Kathmandu", "Europe/Dublin", "America/Sao_Paulo", "Pacific/Chatham"}) {
    setenv("TZ", name, 1);
    tzset();
    const TimeZone zone = TimeZone::find(name);
    Rng rng(1);
    for (int i = 0; i < 3000; ++i) {
      const std::int64_t utc_s = rng.integer(-631'152'000, 4'102'444'800);
      const auto at = static_cast<std::time_t>(utc_s);
      std::tm local{};
      localtime_r(&at, &local);
      ASSERT_EQ(zone.offset_s(utc_s), local.tm_gmtoff) << name << " at " << utc_s;
    }
  }
  unsetenv("TZ");
}

TEST(TimeZone, WritesDateAndTimeWithTheFractionCutOff) {
  EXPECT_EQ(text_in("UTC", 1'424'686'735), "2015-02-23 10:18:55");
  EXPECT_EQ(text_in("Asia/Jakarta", 1'424'686'735), "2015-02-23 17:18:55");
  EXPECT_EQ(text_in("+05:45", 1'424'686'735), "2015-02-23 16:03:55");
  EXPECT_EQ(text_in("-01:00", 0), "1969-12-31 23:00:00");
  const auto text = TimeZone().text(Time(Duration(-1)));
  EXPECT_EQ(std::string(text.data(), text.size()), "1969-12-31 23:59:59");
}

TEST(TimeZone, TakesTheMachinesOwnZoneFromTheEnvironment) {
  setenv("TZ", "Asia/Jakarta", 1);
  const TimeZone zone = TimeZone::find("local");
  unsetenv("TZ");
  EXPECT_EQ(zone.offset_s(0), 7 * 3600 + 0);
}

TEST(TimeZone, RefusesWhatIsNoZone) {
  for (const char* name : {"", "Asia/Atlantis", "../../etc/passwd", "/etc/localtime", "+25:00", "Asia"}) {
    EXPECT_THROW(TimeZone::find(name), std::invalid_argument) << name;
  }
}

}  // namespace
