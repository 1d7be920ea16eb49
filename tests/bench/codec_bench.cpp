// Gate S5: the codecs against the usual libraries on the same events, interleaved in one run, median of the rounds.
// Usage: codec_bench [rounds]. Prints one line per gate and fails when one is missed or a result is wrong.

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "codec/codec.hpp"
#include "codec/schema.hpp"
#include "codec_bench.pb.h"

namespace {

using codec_bench::Event;

constexpr std::size_t kEvents = 512;  ///< a batch, as the pipeline hands it on: it stays in the caches
constexpr int kPasses = 4;
constexpr std::uint32_t kSeed = 7;

struct Sample {
  std::string wire;
  std::string json;
  std::string padded_json;  ///< simdjson reads behind the end
  std::string time_text;    ///< RapidJSON is spared the formatting of times
  double price = 0;
};

template <class Body>
double ns_per_event(Body&& body) {
  // CPU time of the thread: others on the same machine must not count.
  const auto now_ns = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  };
  const double start = now_ns();
  for (int pass = 0; pass < kPasses; ++pass) body();
  return (now_ns() - start) / (kEvents * kPasses);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

[[noreturn]] void die(const std::string& text) {
  std::fprintf(stderr, "codec_bench: %s\n", text.c_str());
  std::exit(1);
}

Event random_event(std::mt19937_64& random) {
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  const auto pick = [&](std::initializer_list<const char*> words) { return *(words.begin() + below(words.size())); };
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id(36, '-');
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (i != 8 && i != 13 && i != 18 && i != 23) id[i] = kHex[below(16)];
  }
  Event event;
  event.set_event_id(id);
  event.set_event_type(pick({"purchase", "page_view", "search", "click"}));
  event.set_user_id("user_" + std::to_string(below(1000)));
  event.set_timestamp(1'746'028'859'000'000 + static_cast<std::int64_t>(below(86'400'000'000)));
  event.set_url(pick({"/home", "/search", "/product/417", "/checkout"}));
  event.set_device(pick({"mobile", "desktop", "tablet"}));
  event.set_latitude(static_cast<double>(below(1'800'000)) / 1e4 - 90);
  event.set_longitude(static_cast<double>(below(3'600'000)) / 1e4 - 180);
  event.set_price(static_cast<std::int64_t>(below(1'000'000)));
  event.set_quantity(1 + static_cast<std::int32_t>(below(5)));
  event.set_is_member(below(2) == 1);
  event.set_browser(pick({"chrome", "firefox", "safari", "edge"}));
  return event;
}

void write_with_rapidjson(const rapidjson::Document& document, rapidjson::StringBuffer& out) {
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  document.Accept(writer);
}

void build_with_rapidjson(const Event& event, const Sample& sample, rapidjson::Document& document) {
  document.SetObject();
  auto& memory = document.GetAllocator();
  const auto text = [&](const std::string& value) {
    return rapidjson::Value(value.data(), static_cast<rapidjson::SizeType>(value.size()), memory);
  };
  document.AddMember("event_id", text(event.event_id()), memory);
  document.AddMember("event_type", text(event.event_type()), memory);
  document.AddMember("user_id", text(event.user_id()), memory);
  document.AddMember("timestamp", text(sample.time_text), memory);
  document.AddMember("url", text(event.url()), memory);
  document.AddMember("device", text(event.device()), memory);
  document.AddMember("latitude", event.latitude(), memory);
  document.AddMember("longitude", event.longitude(), memory);
  document.AddMember("price", sample.price, memory);
  document.AddMember("quantity", event.quantity(), memory);
  document.AddMember("is_member", event.is_member(), memory);
  document.AddMember("browser", text(event.browser()), memory);
}

/// All twelve fields as values; returns a sum so that nothing is optimised away.
double extract_with_simdjson(simdjson::ondemand::parser& parser, const Sample& sample) {
  auto document = parser.iterate(sample.padded_json.data(), sample.json.size(), sample.padded_json.size());
  simdjson::ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) die("simdjson refuses an event");
  double sum = 0;
  std::string_view text;
  for (const char* name : {"event_id", "event_type", "user_id", "timestamp", "url", "device"}) {
    if (object.find_field(name).get_string().get(text) != simdjson::SUCCESS) die("simdjson: text");
    sum += static_cast<double>(text.size());
  }
  double number = 0;
  for (const char* name : {"latitude", "longitude", "price"}) {
    if (object.find_field(name).get_double().get(number) != simdjson::SUCCESS) die("simdjson: number");
    sum += number;
  }
  std::int64_t integer = 0;
  if (object.find_field("quantity").get_int64().get(integer) != simdjson::SUCCESS) die("simdjson: integer");
  bool flag = false;
  if (object.find_field("is_member").get_bool().get(flag) != simdjson::SUCCESS) die("simdjson: boolean");
  if (object.find_field("browser").get_string().get(text) != simdjson::SUCCESS) die("simdjson: text");
  return sum + static_cast<double>(integer) + flag + static_cast<double>(text.size());
}

bool report(const char* what, double ours, double theirs, double gate) {
  const double ratio = ours / theirs;
  const bool is_met = ratio <= gate;
  std::printf("S5 %-42s ours %6.1f ns, theirs %6.1f ns; ratio %.2f, gate %.2f: %s\n", what, ours, theirs, ratio, gate,
              is_met ? "pass" : "short");
  return is_met;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(5, std::atoi(argv[1])) : 101;
  auto schema = sluice::codec::compile_schema(CODEC_BENCH_PROTO, "codec_bench.Event");
  if (!schema) die(schema.status().text());
  sluice::Stream stream;
  stream.name = "bench";
  stream.schema = *schema;
  stream.key_field = "user_id";
  stream.time_field = "timestamp";
  auto codec = sluice::codec::make_stream_codec(stream);
  auto decoder = sluice::codec::make_record_decoder({*schema, "user_id", "timestamp", "UTC", false});
  if (!codec || !decoder) die("no codec");

  std::mt19937_64 random(kSeed);
  std::vector<Event> events;
  std::vector<Sample> samples(kEvents);
  sluice::Buffer out(1 << 20);
  sluice::EventFacts facts;
  std::size_t json_bytes = 0;
  std::size_t wire_bytes = 0;
  for (Sample& sample : samples) {
    const Event& event = events.emplace_back(random_event(random));
    sample.wire = event.SerializeAsString();
    out.clear();
    if (auto status = (*codec)->encode(sample.wire, out); !status.ok()) die(status.text());
    sample.json = out.view();
    sample.padded_json = sample.json;
    sample.padded_json.resize(sample.json.size() + simdjson::SIMDJSON_PADDING);
    const std::size_t at = sample.json.find("\"timestamp\":\"") + 13;
    sample.time_text = sample.json.substr(at, sample.json.find('"', at) - at);
    sample.price = static_cast<double>(event.price()) / 100;
    out.clear();
    if (auto status = (*codec)->from_json(sample.json, out, facts); !status.ok()) die(status.text());
    if (out.view() != sample.wire) die("JSON does not read back as the same bytes: " + sample.json);
    json_bytes += sample.json.size();
    wire_bytes += sample.wire.size();
  }
  std::printf("%zu events of 12 fields, %zu bytes JSON, %zu bytes Protobuf; median of %d rounds\n", kEvents,
              json_bytes / kEvents, wire_bytes / kEvents, rounds);

  std::vector<double> encode_ours, encode_write, encode_build, parse_ours, parse_simdjson, read_ours, read_objects,
      write_objects, check_ours, inspect_ours;
  simdjson::ondemand::parser parser;
  Event reused;
  std::string serialized;
  double sum = 0;
  std::vector<rapidjson::Document> documents(kEvents);
  for (std::size_t i = 0; i < kEvents; ++i) build_with_rapidjson(events[i], samples[i], documents[i]);
  for (int round = 0; round < rounds; ++round) {
    encode_ours.push_back(ns_per_event([&] {
      for (const Sample& sample : samples) {
        out.clear();
        if (!(*codec)->encode(sample.wire, out).ok()) die("encode");
      }
    }));
    encode_write.push_back(ns_per_event([&] {
      rapidjson::StringBuffer text;
      for (const rapidjson::Document& document : documents) {
        text.Clear();
        write_with_rapidjson(document, text);
        sum += static_cast<double>(text.GetSize());
      }
    }));
    encode_build.push_back(ns_per_event([&] {
      rapidjson::StringBuffer text;
      for (std::size_t i = 0; i < kEvents; ++i) {
        // What arrives are wire bytes here as well.
        reused.ParseFromString(samples[i].wire);
        rapidjson::Document document;
        build_with_rapidjson(reused, samples[i], document);
        text.Clear();
        write_with_rapidjson(document, text);
        sum += static_cast<double>(text.GetSize());
      }
    }));
    parse_ours.push_back(ns_per_event([&] {
      for (const Sample& sample : samples) {
        out.clear();
        if (!(*codec)->from_json(sample.json, out, facts).ok()) die("from_json");
      }
    }));
    parse_simdjson.push_back(ns_per_event([&] {
      for (const Sample& sample : samples) sum += extract_with_simdjson(parser, sample);
    }));
    read_ours.push_back(ns_per_event([&] {
      for (const Sample& sample : samples) {
        out.clear();
        if (!(*decoder)->decode(sample.wire, out, facts).ok()) die("decode");
      }
    }));
    read_objects.push_back(ns_per_event([&] {
      for (const Sample& sample : samples) {
        Event fresh;
        if (!fresh.ParseFromString(sample.wire)) die("protobuf");
        sum += fresh.latitude();
      }
    }));
    write_objects.push_back(ns_per_event([&] {
      for (const Event& event : events) {
        serialized.clear();
        event.AppendToString(&serialized);
        sum += static_cast<double>(serialized.size());
      }
    }));
    inspect_ours.push_back(ns_per_event([&] {
      for (const Sample& sample : samples) {
        if (!(*codec)->inspect(sample.wire, facts).ok()) die("inspect");
      }
    }));
  }

  bool is_met = report("JSON encode / RapidJSON build and write", median(encode_ours), median(encode_build), 0.35);
  is_met &= report("JSON parse / simdjson on-demand", median(parse_ours), median(parse_simdjson), 1.0);
  is_met &= report("Protobuf read / library objects", median(read_ours), median(read_objects), 0.25);
  std::printf("   also: RapidJSON writing a ready document %.1f ns, library object to bytes %.1f ns, inspect %.1f ns\n",
              median(encode_write), median(write_objects), median(inspect_ours));
  if (sum == 0) die("nothing was measured");
  return is_met ? 0 : 1;
}
