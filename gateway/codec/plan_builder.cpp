#include "codec/plan_builder.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <map>
#include <set>

#include <sluice/options.pb.h>
#include "codec/descriptors.hpp"
#include "codec/json_encode.hpp"
#include "codec/json_writer.hpp"

namespace sluice::codec {
namespace {

namespace pb = google::protobuf;
using Type = pb::FieldDescriptor;

constexpr int kMaxFields = 4096;
constexpr int kMaxMessages = 1024;

Kind kind_of(const pb::FieldDescriptor& field) {
  switch (field.type()) {
    case Type::TYPE_BOOL:
      return Kind::kBool;
    case Type::TYPE_INT32:
      return Kind::kInt32;
    case Type::TYPE_INT64:
      return Kind::kInt64;
    case Type::TYPE_UINT32:
      return Kind::kUint32;
    case Type::TYPE_UINT64:
      return Kind::kUint64;
    case Type::TYPE_SINT32:
      return Kind::kSint32;
    case Type::TYPE_SINT64:
      return Kind::kSint64;
    case Type::TYPE_FIXED32:
      return Kind::kFixed32;
    case Type::TYPE_FIXED64:
      return Kind::kFixed64;
    case Type::TYPE_SFIXED32:
      return Kind::kSfixed32;
    case Type::TYPE_SFIXED64:
      return Kind::kSfixed64;
    case Type::TYPE_FLOAT:
      return Kind::kFloat;
    case Type::TYPE_DOUBLE:
      return Kind::kDouble;
    case Type::TYPE_ENUM:
      return Kind::kEnum;
    case Type::TYPE_STRING:
      return Kind::kString;
    case Type::TYPE_BYTES:
      return Kind::kBytes;
    default:
      return field.is_map() ? Kind::kMap : Kind::kMessage;
  }
}

WireType wire_of(Kind kind) {
  switch (kind) {
    case Kind::kFixed64:
    case Kind::kSfixed64:
    case Kind::kDouble:
      return WireType::kFixed64;
    case Kind::kFixed32:
    case Kind::kSfixed32:
    case Kind::kFloat:
      return WireType::kFixed32;
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kMessage:
    case Kind::kMap:
      return WireType::kBytes;
    default:
      return WireType::kVarint;
  }
}

bool is_64_bit(Kind kind) {
  return kind == Kind::kInt64 || kind == Kind::kUint64 || kind == Kind::kSint64 || kind == Kind::kFixed64 ||
         kind == Kind::kSfixed64;
}

bool is_well_known(const pb::Descriptor& message) { return message.full_name().starts_with("google.protobuf."); }

class Builder {
 public:
  explicit Builder(SchemaPlan& plan) : plan_(plan) {}

  Status build(const pb::Descriptor& root) {
    plan_.root = message_of(root);
    while (!waiting_.empty()) {
      const auto [descriptor, message] = waiting_.back();
      waiting_.pop_back();
      if (plan_.messages.size() > kMaxMessages) return {Code::kInvalid, "more than 1024 messages"};
      if (Status status = fill(*descriptor, *message); !status.ok()) return status;
    }
    return {};
  }

 private:
  const MessagePlan* message_of(const pb::Descriptor& descriptor) {
    auto [at, is_new] = messages_.try_emplace(&descriptor, nullptr);
    if (is_new) {
      at->second = &plan_.messages.emplace_back();
      waiting_.emplace_back(&descriptor, at->second);
    }
    return at->second;
  }

  const EnumPlan* enum_of(const pb::EnumDescriptor& descriptor) {
    auto [at, is_new] = enums_.try_emplace(&descriptor, nullptr);
    if (!is_new) return at->second;
    EnumPlan& plan = plan_.enums.emplace_back();
    plan.name = descriptor.full_name();
    for (int i = 0; i < descriptor.value_count(); ++i) {
      const auto& value = *descriptor.value(i);
      plan.values.emplace_back(value.number(), value.name());
      plan.names.emplace_back(value.name(), value.number());
    }
    std::stable_sort(plan.values.begin(), plan.values.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    plan.values.erase(std::unique(plan.values.begin(), plan.values.end(),
                                  [](const auto& a, const auto& b) { return a.first == b.first; }),
                      plan.values.end());
    std::sort(plan.names.begin(), plan.names.end());
    at->second = &plan;
    return &plan;
  }

  Literal literal(std::string text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    text.resize(text.size() + kLiteralSlack);
    return {plan_.literals.emplace_back(std::move(text)).data(), size};
  }

  Status fill(const pb::Descriptor& descriptor, MessagePlan& message) {
    message.name = descriptor.full_name();
    if (descriptor.file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3) {
      return {Code::kInvalid, message.name + ": " + descriptor.file()->name() + " is not syntax = \"proto3\""};
    }
    if (descriptor.field_count() > kMaxFields) return {Code::kInvalid, message.name + ": more than 4096 fields"};
    if (descriptor.real_oneof_decl_count() > 64) return {Code::kInvalid, message.name + ": more than 64 oneofs"};
    message.oneofs = static_cast<std::uint16_t>(descriptor.real_oneof_decl_count());
    std::vector<const pb::FieldDescriptor*> fields;
    for (int i = 0; i < descriptor.field_count(); ++i) fields.push_back(descriptor.field(i));
    std::sort(fields.begin(), fields.end(), [](const auto* a, const auto* b) { return a->number() < b->number(); });
    std::set<std::string> names;
    for (const pb::FieldDescriptor* field : fields) {
      Status status = fill(*field, message.fields.emplace_back());
      if (status.ok() && !names.insert(message.fields.back().name).second) {
        status = {Code::kInvalid, "the JSON name \"" + message.fields.back().name + "\" is used twice"};
      }
      if (!status.ok()) return std::move(status).with_context(field->full_name());
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (Status status = set_absent(*fields[i], message, message.fields[i]); !status.ok()) {
        return std::move(status).with_context(fields[i]->full_name());
      }
    }
    message.index();
    return {};
  }

  Status fill(const pb::FieldDescriptor& descriptor, FieldPlan& field) {
    field.number = static_cast<std::uint32_t>(descriptor.number());
    field.proto_name = descriptor.name();
    field.name = json_name(descriptor);
    if (!is_utf8(field.name)) return {Code::kInvalid, "JSON name is not UTF-8"};
    field.prefix = literal("," + quoted(field.name) + ":");
    field.kind = kind_of(descriptor);
    field.tag = make_tag(field.number, wire_of(field.kind));
    field.is_repeated = descriptor.is_repeated() && field.kind != Kind::kMap;
    field.is_packed = descriptor.is_packed();
    field.has_presence = descriptor.has_presence();
    if (const auto* oneof = descriptor.real_containing_oneof()) field.oneof = static_cast<std::int16_t>(oneof->index());
    field.is_plain = !field.is_repeated && field.kind != Kind::kMap && field.oneof < 0;
    field.is_plain_string = field.is_plain && field.kind == Kind::kString;
    if (descriptor.type() == Type::TYPE_GROUP) return {Code::kInvalid, "groups are not supported"};
    if (descriptor.type() == Type::TYPE_MESSAGE) {
      if (is_well_known(*descriptor.message_type())) return refuse_well_known(*descriptor.message_type());
      field.message = message_of(*descriptor.message_type());
    }
    if (descriptor.type() == Type::TYPE_ENUM) {
      if (descriptor.enum_type()->full_name() == "google.protobuf.NullValue") {
        return {Code::kInvalid, "google.protobuf.NullValue is not supported: use an optional field"};
      }
      field.enumeration = enum_of(*descriptor.enum_type());
    }
    return set_format(descriptor, field);
  }

  static Status refuse_well_known(const pb::Descriptor& message) {
    const std::string& name = message.full_name();
    std::string instead = "a message of your own";
    if (name == "google.protobuf.Timestamp") instead = "an int64 with [(sluice.format) = {time: ISO_UTC}]";
    if (name == "google.protobuf.Duration") instead = "an int64 with its unit in the name";
    if (name.ends_with("Value") && name != "google.protobuf.Value" && name != "google.protobuf.ListValue") {
      instead = "an optional field of the plain type";
    }
    return {Code::kInvalid, name + " is not supported: use " + instead};
  }

  static std::string json_name(const pb::FieldDescriptor& field) {
    // protoc fills json_name in for every field, so that only a difference from its own rule says it was given.
    if (field.file()->options().GetExtension(sluice::json_names) != sluice::AS_WRITTEN) return field.json_name();
    return field.json_name() == lower_camel(field.name()) ? field.name() : field.json_name();
  }

  static std::string lower_camel(const std::string& name) {
    std::string camel;
    bool raise = false;
    for (const char c : name) {
      if (c == '_') {
        raise = true;
        continue;
      }
      camel += raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      raise = false;
    }
    return camel;
  }

  static std::string quoted(std::string_view text) {
    Buffer out;
    JsonWriter writer(out);
    (void)writer.string(text);
    writer.finish();
    return std::string(out.view());
  }

  static Status set_format(const pb::FieldDescriptor& descriptor, FieldPlan& field) {
    const sluice::FieldFormat& format = descriptor.options().GetExtension(sluice::format);
    const bool is_signed_64 =
        field.kind == Kind::kInt64 || field.kind == Kind::kSint64 || field.kind == Kind::kSfixed64;
    switch (format.unit()) {
      case sluice::TIME_UNIT_UNSPECIFIED:
      case sluice::MICROSECONDS:
        field.units_per_second = 1'000'000;
        break;
      case sluice::SECONDS:
        field.units_per_second = 1;
        break;
      case sluice::MILLISECONDS:
        field.units_per_second = 1000;
        break;
      case sluice::NANOSECONDS:
        field.units_per_second = 1'000'000'000;
        break;
      default:
        return {Code::kInvalid, "unit " + std::to_string(format.unit()) + " is unknown to this version"};
    }
    if (format.unit() != sluice::TIME_UNIT_UNSPECIFIED && !is_signed_64) {
      return {Code::kInvalid, "option unit: expected an int64 field"};
    }
    if (format.precision() > 9) return {Code::kInvalid, "option precision: expected 0 to 9"};
    field.time_digits = format.precision() == 0 ? 6 : static_cast<std::uint8_t>(format.precision());
    const bool is_time = format.time() != sluice::TIME_FORMAT_UNSPECIFIED;
    if (is_time + (format.decimal_scale() != 0) + format.integer_as_string() > 1) {
      return {Code::kInvalid, "options time, decimal_scale and integer_as_string exclude each other"};
    }
    if (is_time) {
      if (!is_signed_64) return {Code::kInvalid, "option time: expected an int64 field"};
      if (format.time() != sluice::ISO_UTC && format.time() != sluice::ISO_NAIVE) {
        return {Code::kInvalid, "time format " + std::to_string(format.time()) + " is unknown to this version"};
      }
      field.text = format.time() == sluice::ISO_UTC ? Text::kTimeUtc : Text::kTimeNaive;
    } else if (format.precision() != 0) {
      return {Code::kInvalid, "option precision needs option time"};
    }
    if (format.decimal_scale() != 0) {
      if (!is_signed_64) return {Code::kInvalid, "option decimal_scale: expected an int64 field"};
      if (format.decimal_scale() > 18) return {Code::kInvalid, "option decimal_scale: expected 1 to 18"};
      field.text = Text::kDecimal;
      field.scale = static_cast<std::uint8_t>(format.decimal_scale());
    }
    if (format.integer_as_string()) {
      if (!is_64_bit(field.kind)) return {Code::kInvalid, "option integer_as_string: expected a 64-bit integer field"};
      field.text = Text::kQuoted;
    }
    return {};
  }

  Status set_absent(const pb::FieldDescriptor& descriptor, MessagePlan& message, FieldPlan& field) {
    const sluice::FieldFormat& format = descriptor.options().GetExtension(sluice::format);
    const bool has_rule = format.null_rule() != sluice::NULL_RULE_UNSPECIFIED;
    if (has_rule && !format.null_when().empty()) {
      return {Code::kInvalid, "options null_rule and null_when exclude each other"};
    }
    if ((has_rule || !format.null_when().empty()) && (!field.has_presence || field.oneof >= 0)) {
      return {Code::kInvalid, "options null_rule and null_when: expected an optional field"};
    }
    const std::string key(field.prefix.data, field.prefix.size);
    if (has_rule) {
      if (format.null_rule() != sluice::NULL_WHEN_ABSENT)
        return {Code::kInvalid, "null_rule is unknown to this version"};
      field.absent = Absent::kLiteral;
      field.absent_text = literal(key + "null");
    } else if (!format.null_when().empty()) {
      field.absent = Absent::kNullWhen;
      field.absent_text = literal(key + "null");
      return set_null_when(format.null_when(), message, field);
    } else if (!field.has_presence) {
      field.absent = Absent::kLiteral;
      field.absent_text = literal(key + default_text(field, *plan_.zone));
    }
    return {};
  }

  static Status set_null_when(const std::string& rule, MessagePlan& message, FieldPlan& field) {
    const std::size_t equals = rule.find('=');
    if (equals == std::string::npos || equals + 1 == rule.size()) {
      return {Code::kInvalid, "option null_when: expected \"field=value\", got \"" + rule + "\""};
    }
    const std::string name = rule.substr(0, equals);
    const auto other = std::find_if(message.fields.begin(), message.fields.end(),
                                    [&](const FieldPlan& candidate) { return candidate.proto_name == name; });
    if (other == message.fields.end() || other->kind != Kind::kString || !other->is_plain ||
        other->number >= field.number) {
      return {Code::kInvalid,
              "option null_when: \"" + name + "\" is no string field of this message with a lower number"};
    }
    if (other->watch < 0) {
      int used = 0;
      for (const FieldPlan& each : message.fields) used += each.watch >= 0 ? 1 : 0;
      if (used == kMaxWatched) return {Code::kInvalid, "option null_when: more than 4 fields are referred to"};
      other->watch = static_cast<std::int8_t>(used);
    }
    field.null_watch = other->watch;
    field.null_value = rule.substr(equals + 1);
    return {};
  }

  SchemaPlan& plan_;
  std::map<const pb::Descriptor*, MessagePlan*> messages_;
  std::map<const pb::EnumDescriptor*, const EnumPlan*> enums_;
  std::vector<std::pair<const pb::Descriptor*, MessagePlan*>> waiting_;
};

}  // namespace

Result<std::shared_ptr<const SchemaPlan>> build_plan(const SchemaSource& schema, std::string_view timezone) {
  auto zone = TimeZone::load(timezone);
  if (!zone) return zone.status();
  auto pool = open_descriptor_set(schema.descriptor_set);
  if (!pool) return pool.status();
  const pb::Descriptor* root = (*pool)->FindMessageTypeByName(schema.message);
  if (root == nullptr) return Status(Code::kNotFound, "message " + schema.message + " is not in the descriptor set");
  if (is_well_known(*root)) return Status(Code::kInvalid, schema.message + " is not supported as a stream's message");
  auto plan = std::make_shared<SchemaPlan>();
  plan->zone = std::move(*zone);
  if (Status status = Builder(*plan).build(*root); !status.ok()) return status;
  return std::shared_ptr<const SchemaPlan>(std::move(plan));
}

}  // namespace sluice::codec
