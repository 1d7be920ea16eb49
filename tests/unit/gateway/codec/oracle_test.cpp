// Random messages against protobuf's own library. The seed is printed with every failure; SLUICE_TEST_SEED sets it.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <set>

#include "codec/descriptors.hpp"
#include "codec_fixture.hpp"

namespace sluice::codec {
namespace {

namespace pb = google::protobuf;

std::uint64_t test_seed() {
  const char* given = std::getenv("SLUICE_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

class Oracle : public testing::Test {
 protected:
  Oracle() : random_(seed_) {}

  void use(const std::string& message) {
    schema_ = test_schema("every.proto", message);
    auto pool = open_descriptor_set(schema_->descriptor_set);
    ASSERT_TRUE(pool.ok()) << pool.status().text();
    pool_ = std::move(*pool);
    prototype_ = factory_.GetPrototype(pool_->FindMessageTypeByName(message));
    codec_ = test_codec(schema_);
  }

  std::unique_ptr<pb::Message> parsed(const std::string& wire) {
    std::unique_ptr<pb::Message> message(prototype_->New());
    EXPECT_TRUE(message->ParseFromString(wire));
    return message;
  }

  std::unique_ptr<pb::Message> random_message(int depth = 0) {
    std::unique_ptr<pb::Message> message(prototype_->New());
    fill(*message, depth);
    return message;
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::uint64_t bits() {
    // All magnitudes alike, with the borders.
    switch (below(8)) {
      case 0:
        return 0;
      case 1:
        return ~std::uint64_t{0};
      case 2:
        return std::uint64_t{1} << 63;
      case 3:
        return (std::uint64_t{1} << 63) - 1;
      default:
        return random_() >> below(64);
    }
  }

  double real() {
    switch (below(4)) {
      case 0:
        return static_cast<double>(static_cast<std::int64_t>(below(2'000'000)) - 1'000'000) / 1e4;
      case 1:
        return below(2) == 0 ? -0.0 : 5e-324;
      default: {
        const double value = std::bit_cast<double>(random_());
        return std::isfinite(value) ? value : 1e308;
      }
    }
  }

  std::string text() {
    static const char* const kPieces[] = {
        "a", "sensor", "\"", "\\", "\n", "\x01", "é", "漢字", "😀", "/", " ", "\x7f", "0123456789abcdef"};
    std::string result;
    for (std::uint64_t left = below(6); left > 0; --left) result += kPieces[below(std::size(kPieces))];
    if (below(200) == 0) result.append(3000, 'x').append("漢\"");
    return result;
  }

  void fill(pb::Message& message, int depth) {
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const auto* field = message.GetDescriptor()->field(i);
      const bool is_message = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
      if (is_message && !field->is_map() && depth >= 3) continue;
      if (below(is_message && !field->is_map() ? 4 : 2) != 0) continue;
      if (!field->is_repeated()) {
        set(message, field, depth);
        continue;
      }
      for (std::uint64_t left = below(4); left > 0; --left) {
        if (field->is_map()) {
          auto* entry = message.GetReflection()->AddMessage(&message, field);
          set(*entry, entry->GetDescriptor()->field(0), depth);
          const auto* value = entry->GetDescriptor()->field(1);
          if (value->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE || depth < 3) set(*entry, value, depth);
        } else {
          set(message, field, depth);
        }
      }
    }
  }

  template <class Set, class Add>
  static void put(bool is_repeated, Set&& set_one, Add&& add_one) {
    is_repeated ? add_one() : set_one();
  }

  void set(pb::Message& message, const pb::FieldDescriptor* field, int depth) {
    const auto* access = message.GetReflection();
    const bool many = field->is_repeated();
    using Type = pb::FieldDescriptor;
#define SLUICE_PUT(Name, value)                                                           \
  {                                                                                       \
    const auto v = value;                                                                 \
    many ? access->Add##Name(&message, field, v) : access->Set##Name(&message, field, v); \
    return;                                                                               \
  }
    switch (field->cpp_type()) {
      case Type::CPPTYPE_BOOL:
        SLUICE_PUT(Bool, below(2) == 1)
      case Type::CPPTYPE_INT32:
        SLUICE_PUT(Int32, static_cast<std::int32_t>(bits()))
      case Type::CPPTYPE_INT64:
        SLUICE_PUT(Int64, static_cast<std::int64_t>(bits()))
      case Type::CPPTYPE_UINT32:
        SLUICE_PUT(UInt32, static_cast<std::uint32_t>(bits()))
      case Type::CPPTYPE_UINT64:
        SLUICE_PUT(UInt64, bits())
      case Type::CPPTYPE_DOUBLE:
        SLUICE_PUT(Double, real())
      case Type::CPPTYPE_FLOAT: {
        const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random_()));
        SLUICE_PUT(Float, std::isfinite(value) ? value : 0.1F)
      }
      case Type::CPPTYPE_STRING: {
        std::string value = text();
        if (field->type() == Type::TYPE_BYTES && below(2) == 0) value += std::string("\0\xff\x80", 3);
        SLUICE_PUT(String, value)
      }
      case Type::CPPTYPE_ENUM: {
        static constexpr int kNumbers[] = {0, 1, 2, -5, 77};
        SLUICE_PUT(EnumValue, kNumbers[below(std::size(kNumbers))])
      }
      case Type::CPPTYPE_MESSAGE:
        fill(many ? *access->AddMessage(&message, field) : *access->MutableMessage(&message, field), depth + 1);
    }
#undef SLUICE_PUT
  }

  std::unique_ptr<pb::Message> read_by_oracle(const std::string& json) {
    std::unique_ptr<pb::Message> message(prototype_->New());
    const auto status = pb::util::JsonStringToMessage(json, message.get());
    EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
    return message;
  }

  /// The library keeps equal keys of a dynamic message's map until somebody asks; of those the last counts.
  static void drop_old_entries(pb::Message& message) {
    const auto* access = message.GetReflection();
    std::vector<const pb::FieldDescriptor*> fields;
    access->ListFields(message, &fields);
    for (const auto* field : fields) {
      if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (!field->is_repeated()) {
        drop_old_entries(*access->MutableMessage(&message, field));
        continue;
      }
      std::set<std::string> keys;
      const int count = access->FieldSize(message, field);
      int kept = count;
      for (int i = count - 1; i >= 0; --i) {
        auto* item = access->MutableRepeatedMessage(&message, field, i);
        drop_old_entries(*item);
        if (!field->is_map()) continue;
        const auto* key = item->GetDescriptor()->field(0);
        std::string text;
        pb::TextFormat::PrintFieldValueToString(*item, key, -1, &text);
        if (!keys.insert(text).second) continue;
        access->SwapElements(&message, field, i, --kept);
      }
      if (!field->is_map()) continue;
      // The kept ones gathered at the end.
      for (int i = 0; i < count - kept; ++i) access->SwapElements(&message, field, i, kept + i);
      for (int i = 0; i < kept; ++i) access->RemoveLast(&message, field);
    }
  }

  void expect_same(pb::Message& a, pb::Message& b) {
    drop_old_entries(a);
    drop_old_entries(b);
    std::string difference;
    pb::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(a, b)) << "seed " << seed_ << ": " << difference;
  }

  const std::uint64_t seed_ = test_seed();
  std::mt19937_64 random_;
  std::shared_ptr<const SchemaSource> schema_;
  std::unique_ptr<pb::DescriptorPool> pool_;
  pb::DynamicMessageFactory factory_;
  const pb::Message* prototype_ = nullptr;
  std::unique_ptr<StreamCodec> codec_;
};

TEST_F(Oracle, ReadsTheJsonWeWriteAsTheSameMessage) {
  use("every.Every");
  for (int i = 0; i < 300 && !HasFailure(); ++i) {
    const auto message = random_message();

    const std::string json = json_of(*codec_, message->SerializeAsString());

    expect_same(*read_by_oracle(json), *message);
  }
}

TEST_F(Oracle, WritesJsonThatWeReadAsTheSameMessage) {
  use("every.Quoted");
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  for (int i = 0; i < 300 && !HasFailure(); ++i) {
    options.add_whitespace = i % 2 == 0;
    options.always_print_primitive_fields = i % 3 == 0;
    const auto message = random_message();
    std::string json;
    ASSERT_TRUE(pb::util::MessageToJsonString(*message, &json, options).ok());

    const std::string wire = wire_of(*codec_, json);

    ASSERT_FALSE(wire.starts_with("error: ")) << "seed " << seed_ << ": " << wire << "\n" << json;
    expect_same(*parsed(wire), *message);
  }
}

TEST_F(Oracle, SerializesTheSameBytesWeDecodeFromOurJson) {
  use("every.Every");
  for (int i = 0; i < 300 && !HasFailure(); ++i) {
    auto message = random_message();
    // Maps have no order of their own, so that their bytes may differ.
    for (int f = 0; f < message->GetDescriptor()->field_count(); ++f) {
      const auto* field = message->GetDescriptor()->field(f);
      if (field->is_map() || field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        message->GetReflection()->ClearField(message.get(), field);
      }
    }
    const std::string wire = message->SerializeAsString();

    EXPECT_EQ(wire_of(*codec_, json_of(*codec_, wire)), wire) << "seed " << seed_;
  }
}

TEST_F(Oracle, MergesConcatenatedMessagesAsWeDo) {
  use("every.Every");
  for (int i = 0; i < 300 && !HasFailure(); ++i) {
    const std::string wire = random_message(1)->SerializeAsString() + random_message(1)->SerializeAsString() +
                             random_message(2)->SerializeAsString();

    const std::string json = json_of(*codec_, wire);

    ASSERT_FALSE(json.starts_with("error: ")) << "seed " << seed_ << ": " << json;
    expect_same(*read_by_oracle(json), *parsed(wire));
  }
}

TEST_F(Oracle, AgreesOnWhichDamagedBytesAreWellFormed) {
  use("every.Every");
  auto decoder = make_record_decoder({schema_, "", "", "UTC", false});
  ASSERT_TRUE(decoder.ok());
  int refused = 0;
  for (int i = 0; i < 1500 && !HasFailure(); ++i) {
    std::string wire = random_message(2)->SerializeAsString();
    if (wire.empty()) continue;
    wire[below(wire.size())] = static_cast<char>(random_());
    if (below(2) == 0) wire.resize(below(wire.size()));
    if (wire.starts_with('{') || wire.starts_with('\0')) continue;
    Buffer out;
    EventFacts facts;

    const bool is_taken = (*decoder)->decode(wire, out, facts).ok();

    // We are stricter than the library (wire types, groups), never laxer; and checking agrees with encoding.
    std::unique_ptr<pb::Message> message(prototype_->New());
    EXPECT_TRUE(!is_taken || message->ParseFromString(wire)) << "seed " << seed_;
    EXPECT_EQ(out.view(), is_taken ? wire : "") << "seed " << seed_;
    // Encoding does not look at records that later ones supersede, so that it may take more.
    EXPECT_FALSE(is_taken && json_of(*codec_, wire).starts_with("error: ")) << "seed " << seed_;
    refused += is_taken ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

TEST_F(Oracle, AnyKeyOrderGivesTheSameBytes) {
  use("every.Every");
  for (int i = 0; i < 200 && !HasFailure(); ++i) {
    const std::string first = json_of(*codec_, random_message(3)->SerializeAsString());
    const std::string second = json_of(*codec_, random_message(3)->SerializeAsString());
    // The keys of `first` twice: before and behind those of `second`, so that every one is repeated. Its absent
    // optional fields stay those of `second`, hence a comparison with what the second alone gives for them is not made.
    const std::string inner = first.substr(1, first.size() - 2);
    const std::string all = "{" + inner + "," + second.substr(1, second.size() - 2) + "," + inner + "}";

    const std::string wire = wire_of(*codec_, all);

    ASSERT_FALSE(wire.starts_with("error: ")) << wire;
    EXPECT_EQ(wire, wire_of(*codec_, json_of(*codec_, wire))) << "seed " << seed_;
  }
}

}  // namespace
}  // namespace sluice::codec
