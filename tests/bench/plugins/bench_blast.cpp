#include <sluice/plugin.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "codec_bench.sluice.hpp"
#include "sluice/random.hpp"

namespace {

using sluice::OptionType;

constexpr sluice::Option kOptions[] = {
    {"count", OptionType::kInteger, "1000000", "0..", "Events until it is done; 0: no end."},
    {"users", OptionType::kInteger, "512", "1..1000000", "Prepared events, each of a user of its own."},
    {"keyed", OptionType::kBoolean, "false", "", "Gives the user as the event's key."},
    {"interval", OptionType::kDuration, "0s", "0s..1h", "Time between two events; 0: as fast as they are taken."},
    {"first_time_us", OptionType::kInteger, "1746028800000000", "0..", "Event time of the first."},
    {"time_step_us", OptionType::kInteger, "1000", "0..", "Event time between two."},
};

constexpr auto kEvents = sluice::out<codec_bench::Event>({.name = "events", .topic = "bench-events", .partitions = 3});

/// Prepared events of twelve fields, about 270 bytes as JSON, over and over, as fast as the gateway takes them. Only
/// the time differs from one to the next.
class Blast final : public sluice::Source {
 public:
  explicit Blast(const sluice::Context& context)
      : Source(context),
        count_(context.integer("count")),
        is_keyed_(context.boolean("keyed")),
        interval_(context.duration("interval")),
        first_time_us_(context.integer("first_time_us")),
        time_step_us_(context.integer("time_step_us")) {
    sluice::Rng random(7);
    for (std::int64_t user = 0; user < context.integer("users"); ++user) texts_.push_back(make_texts(random, user));
    for (const Texts& texts : texts_) events_.push_back(make_event(random, texts));
  }

  void run() override {
    std::size_t next = 0;
    std::int64_t time_us = first_time_us_;
    for (std::int64_t sent = 0; count_ == 0 || sent < count_; ++sent) {
      codec_bench::Event& event = events_[next];
      if (++next == events_.size()) next = 0;
      event.timestamp = time_us;
      const std::string_view key = is_keyed_ ? event.user_id : std::string_view();
      if (!emit(kEvents, event, {.key = key, .time = sluice::Time(sluice::Duration(time_us))})) return;
      time_us += time_step_us_;
      if (interval_.count() != 0 && !wait(interval_)) return;
    }
  }

 private:
  struct Texts {
    std::string id;
    std::string user;
  };

  static Texts make_texts(sluice::Rng& random, std::int64_t user) {
    static constexpr char kHex[] = "0123456789abcdef";
    Texts texts{std::string(36, '-'), std::to_string(1'000'000 + user)};
    texts.user.replace(0, 1, "user_");
    for (std::size_t i = 0; i < texts.id.size(); ++i) {
      if (i != 8 && i != 13 && i != 18 && i != 23) texts.id[i] = kHex[random.below(16)];
    }
    return texts;
  }

  static codec_bench::Event make_event(sluice::Rng& random, const Texts& texts) {
    static constexpr std::string_view kTypes[] = {"purchase", "page_view", "search", "click"};
    static constexpr std::string_view kUrls[] = {"/home", "/search", "/product/417", "/checkout"};
    static constexpr std::string_view kDevices[] = {"mobile", "desktop", "tablet"};
    static constexpr std::string_view kBrowsers[] = {"chrome", "firefox", "safari", "edge"};
    codec_bench::Event event;
    event.event_id = texts.id;
    event.event_type = kTypes[random.below(4)];
    event.user_id = texts.user;
    event.url = kUrls[random.below(4)];
    event.device = kDevices[random.below(3)];
    event.latitude = (static_cast<double>(random.below(1'800'000)) - 900'000) / 1e4;
    event.longitude = (static_cast<double>(random.below(3'600'000)) - 1'800'000) / 1e4;
    event.price = static_cast<std::int64_t>(random.below(1'000'000));
    event.quantity = 1 + static_cast<std::int32_t>(random.below(5));
    event.is_member = random.below(2) == 1;
    event.browser = kBrowsers[random.below(4)];
    return event;
  }

  std::int64_t count_;
  bool is_keyed_;
  sluice::Duration interval_;
  std::int64_t first_time_us_;
  std::int64_t time_step_us_;
  std::vector<Texts> texts_;
  std::vector<codec_bench::Event> events_;
};

}  // namespace

SLUICE_PLUGIN(Blast,
              sluice::Description{
                  .version = "1.0.0", .description = "Prepared events for benches.", .options = kOptions},
              kEvents);
