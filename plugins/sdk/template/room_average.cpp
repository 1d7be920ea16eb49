#include <sluice/plugin.hpp>

#include <map>
#include <string>

#include "room.sluice.hpp"

namespace {

constexpr auto kReadings = sluice::in<room::Reading>({.name = "room_readings", .topic = "room-readings"});
constexpr auto kAverages =
    sluice::table<room::Average>({.name = "room_averages", .topic = "room-averages", .key = "room"});

class RoomAverage final : public sluice::Consumer<room::Reading> {
 public:
  using Consumer::Consumer;

 private:
  void on(const room::Reading& reading, const sluice::Meta& meta) override {
    if (reading.room.empty()) return refuse("missing_room", "room is empty", meta);
    Sum& sum = sums_[std::string(reading.room)];
    ++sum.readings;
    sum.celsius += reading.celsius;
  }

  void on_tick(sluice::Time) override {
    for (const auto& [room, sum] : sums_) {
      publish(kAverages,
              room::Average{.room = room, .readings = sum.readings, .celsius = sum.celsius / double(sum.readings)});
    }
  }

  struct Sum {
    std::int64_t readings = 0;
    double celsius = 0;
  };
  std::map<std::string, Sum> sums_;
};

}  // namespace

SLUICE_PLUGIN(RoomAverage, sluice::Description{.version = "1.0.0", .description = "Mean temperature of each room."},
              kReadings, kAverages);
