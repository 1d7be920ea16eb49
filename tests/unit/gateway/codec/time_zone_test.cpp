#include "codec/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "codec/calendar.hpp"
#include "codec/time_text.hpp"

namespace sluice::codec {
namespace {

std::shared_ptr<const TimeZone> zone(const std::string& name) {
  auto loaded = TimeZone::load(name);
  EXPECT_TRUE(loaded.ok()) << loaded.status().text();
  return loaded.ok() ? *loaded : nullptr;
}

std::int64_t local(std::int64_t year, unsigned month, unsigned day, int hour, int minute) {
  return days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

TEST(TimeZones, NaiveTimesFollowSummerTime) {
  const auto berlin = zone("Europe/Berlin");
  std::int64_t units = 0;
  ASSERT_TRUE(read_time("2025-07-01T12:00:00", 1, *berlin, units));
  EXPECT_EQ(units, local(2025, 7, 1, 10, 0));
  ASSERT_TRUE(read_time("2025-01-01T12:00:00", 1, *berlin, units));
  EXPECT_EQ(units, local(2025, 1, 1, 11, 0));
  char text[32];
  EXPECT_EQ(std::string(text, write_time(text, local(2025, 7, 1, 10, 0), 1, 6, false, *berlin)), "2025-07-01T12:00:00");
}

TEST(TimeZones, ATimeThatOccursTwiceIsTheFirst) {
  // Clocks go back from 3:00 to 2:00 on 26 October 2025.
  EXPECT_EQ(zone("Europe/Berlin")->offset_of_local(local(2025, 10, 26, 2, 30)), 7200);
  EXPECT_EQ(zone("Europe/Berlin")->offset_of_local(local(2025, 10, 26, 3, 0)), 3600);
  EXPECT_EQ(zone("Europe/Berlin")->offset_of_local(local(2025, 10, 26, 1, 59)), 7200);
}

TEST(TimeZones, ASkippedTimeCountsWithTheOffsetBefore) {
  // Clocks go on from 2:00 to 3:00 on 30 March 2025.
  EXPECT_EQ(zone("Europe/Berlin")->offset_of_local(local(2025, 3, 30, 1, 59)), 3600);
  EXPECT_EQ(zone("Europe/Berlin")->offset_of_local(local(2025, 3, 30, 2, 30)), 3600);
  EXPECT_EQ(zone("Europe/Berlin")->offset_of_local(local(2025, 3, 30, 3, 0)), 7200);
}

TEST(TimeZones, TheRuleCountsBehindTheLastListedChange) {
  EXPECT_EQ(zone("Europe/Berlin")->offset_at(local(2090, 7, 1, 0, 0)), 7200);
  EXPECT_EQ(zone("Europe/Berlin")->offset_at(local(2090, 12, 1, 0, 0)), 3600);
  EXPECT_EQ(zone("Australia/Sydney")->offset_at(local(2090, 1, 1, 0, 0)), 39600);
  EXPECT_EQ(zone("Australia/Sydney")->offset_at(local(2090, 7, 1, 0, 0)), 36000);
}

TEST(TimeZones, EveryOffsetIsTheOneTheCLibraryGives) {
  const char* const before = std::getenv("TZ");
  const std::string saved = before == nullptr ? "" : before;
  for (const char* name : {"America/New_York", "Asia/Jakarta", "Europe/Dublin", "Africa/Casablanca", "Asia/Kathmandu",
                           "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "UTC"}) {
    const auto subject = zone(name);
    setenv("TZ", name, 1);
    tzset();
    for (std::int64_t at = local(1900, 1, 1, 0, 0); at < local(2100, 1, 1, 0, 0); at += 97 * 3600 + 11) {
      std::tm fields{};
      const auto moment = static_cast<std::time_t>(at);
      localtime_r(&moment, &fields);
      ASSERT_EQ(subject->offset_at(at), fields.tm_gmtoff) << name << " at " << at;
    }
  }
  before == nullptr ? unsetenv("TZ") : setenv("TZ", saved.c_str(), 1);
  tzset();
}

TEST(TimeZones, LocalTimesComeBackAsTheSameMoment) {
  const auto subject = zone("America/New_York");
  for (std::int64_t at = local(2020, 1, 1, 0, 0); at < local(2045, 1, 1, 0, 0); at += 1801) {
    const std::int64_t wall = at + subject->offset_at(at);
    const std::int64_t again = wall - subject->offset_of_local(wall);
    // Within the hour that occurs twice, the first of the two.
    ASSERT_TRUE(again == at || again == at - 3600) << at;
    ASSERT_EQ(again + subject->offset_at(again), wall) << at;
  }
}

TEST(TimeZones, BadNamesAndFilesAreRefused) {
  EXPECT_EQ(TimeZone::load("").status().text(), R"(time zone "": expected "UTC", "local" or an IANA name)");
  EXPECT_EQ(TimeZone::load("../etc/passwd").status().code(), Code::kInvalid);
  EXPECT_EQ(TimeZone::load("/etc/passwd").status().code(), Code::kInvalid);
  EXPECT_EQ(TimeZone::load("No/Where").status().code(), Code::kNotFound);
  EXPECT_EQ(TimeZone::load("tzdata.zi").status().code(), Code::kInvalid);
  EXPECT_EQ(TimeZone::parse("TZif2").status().text(), "not a TZif file: header");
}

TEST(Calendar, DatesAndDaysAreInverse) {
  for (std::int64_t day = -800'000; day < 3'000'000; day += 7) {
    const Date date = date_from_days(day);
    ASSERT_EQ(days_from_date(date.year, date.month, date.day), day);
  }
  EXPECT_EQ(days_from_date(2000, 2, 29), 11016);
}

}  // namespace
}  // namespace sluice::codec
