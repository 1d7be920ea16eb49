#pragma once

#include <string>
#include <string_view>

#include "core/ports.hpp"

namespace sluice::testing {

/// A codec whose wire bytes are "key|time|text": encode puts them in angle brackets, JSON is the same text in quotes.
/// Wire bytes that begin with "bad" can be neither encoded nor inspected; JSON must be quoted.
class FakeCodec final : public StreamCodec {
 public:
  explicit FakeCodec(bool is_passthrough = false) : is_passthrough_(is_passthrough) {}

  [[nodiscard]] bool is_passthrough() const override { return is_passthrough_; }
  Status encode(std::string_view wire, Buffer& out) const override {
    if (wire.substr(0, 3) == "bad") return {Code::kInvalid, "$.text: bad"};
    out.push_back('<');
    out.append(wire);
    out.push_back('>');
    return {};
  }
  Status from_json(std::string_view json, Buffer& out, EventFacts& facts) const override {
    if (json.size() < 2 || json.front() != '"' || json.back() != '"') return {Code::kInvalid, "$: not a text"};
    const std::size_t at = out.size();
    out.append(json.substr(1, json.size() - 2));
    return inspect(out.view(at), facts);
  }
  Status to_json(std::string_view wire, Buffer& out) const override {
    out.push_back('"');
    out.append(wire);
    out.push_back('"');
    return {};
  }
  Status inspect(std::string_view wire, EventFacts& facts) const override {
    if (wire.substr(0, 3) == "bad") return {Code::kInvalid, "$: malformed"};
    const std::size_t first = wire.find('|');
    const std::size_t second = first == wire.npos ? wire.npos : wire.find('|', first + 1);
    if (second == wire.npos) return {};
    facts.key = wire.substr(0, first);
    facts.has_key = true;
    facts.event_time_us = std::stoll(std::string(wire.substr(first + 1, second - first - 1)));
    facts.has_time = true;
    facts.partition_value = wire.substr(second + 1);
    return {};
  }

 private:
  const bool is_passthrough_;
};

/// Reads values as FakeCodec writes them, and refuses others.
class FakeDecoder final : public RecordDecoder {
 public:
  Status decode(std::string_view value, Buffer& out, EventFacts& facts) const override {
    if (value.size() < 2 || value.front() != '<' || value.back() != '>') return {Code::kInvalid, "$: no brackets"};
    const std::size_t at = out.size();
    out.append(value.substr(1, value.size() - 2));
    return FakeCodec().inspect(out.view(at), facts);
  }
};

}  // namespace sluice::testing
