#include <sluice/plugin.hpp>

#include "room.sluice.hpp"

namespace {

using sluice::OptionType;

constexpr sluice::Option kOptions[] = {
    {"room", OptionType::kString, "kitchen", "", "Name of the room that is measured."},
    {"interval", OptionType::kDuration, "1s", "1ms..1h", "Time between two readings."},
};

constexpr auto kReadings =
    sluice::out<room::Reading>({.name = "room_readings", .topic = "room-readings", .key = "room", .time = "time"});

class RoomSensor final : public sluice::Source {
 public:
  explicit RoomSensor(const sluice::Context& context)
      : Source(context), room_(context.text("room")), interval_(context.duration("interval")) {}

  void run() override {
    do {
      emit(kReadings,
           room::Reading{.room = room_, .celsius = measure(), .time = host().now().time_since_epoch().count()});
    } while (wait(interval_));
  }

 private:
  double measure() { return 20.0 + (readings_++ % 10) * 0.1; }  // a device would be asked here

  std::string room_;
  sluice::Duration interval_;
  int readings_ = 0;
};

}  // namespace

SLUICE_PLUGIN(RoomSensor,
              sluice::Description{.version = "1.0.0", .description = "Temperature of a room.", .options = kOptions},
              kReadings);
