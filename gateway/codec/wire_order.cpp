#include "codec/wire_order.hpp"

#include <algorithm>
#include <vector>

namespace sluice::codec {
namespace {

struct Record {
  int field;
  std::uint32_t tag;
  std::string_view all;    ///< tag and value
  std::string_view value;  ///< of a message: its bytes, without the length
};

void append_varint(std::string& to, std::uint64_t value) {
  char bytes[kMaxVarintBytes];
  to.append(bytes, static_cast<std::size_t>(write_varint(bytes, value) - bytes));
}

}  // namespace

bool is_in_order(const MessagePlan& plan, std::string_view wire) {
  const char* at = wire.data();
  const char* const end = at + wire.size();
  int last = -1;
  std::uint64_t oneofs_seen = 0;
  while (at != end) {
    std::uint32_t tag = 0;
    if (!read_tag(at, end, tag) || !skip_value(at, end, tag)) return true;
    const int index = plan.find(tag >> 3);
    if (index < 0) continue;
    const FieldPlan& field = plan.fields[static_cast<std::size_t>(index)];
    if (index < last || (index == last && !field.is_repeated && field.kind != Kind::kMap)) return false;
    if (field.oneof >= 0) {
      const std::uint64_t bit = std::uint64_t{1} << field.oneof;
      if ((oneofs_seen & bit) != 0) return false;
      oneofs_seen |= bit;
    }
    last = index;
  }
  return true;
}

bool put_in_order(const MessagePlan& plan, std::string_view wire, std::string& sorted) {
  std::vector<Record> records;
  std::vector<int> member(plan.oneofs, -1);               // the field that holds each oneof so far
  std::vector<std::size_t> member_since(plan.oneofs, 0);  // records of its members before this one do not count
  const char* at = wire.data();
  const char* const end = at + wire.size();
  while (at != end) {
    const char* const start = at;
    std::uint32_t tag = 0;
    if (!read_tag(at, end, tag)) return false;
    const char* const value_start = at;
    if (!skip_value(at, end, tag)) return false;
    const int index = plan.find(tag >> 3);
    if (index < 0) continue;
    const FieldPlan& field = plan.fields[static_cast<std::size_t>(index)];
    std::string_view value(value_start, static_cast<std::size_t>(at - value_start));
    if (field.kind == Kind::kMessage && tag == field.tag) {
      const char* inner = value_start;
      if (!read_bytes(inner, end, value)) return false;
    }
    if (field.oneof >= 0) {
      const auto oneof = static_cast<std::size_t>(field.oneof);
      if (member[oneof] != index) {
        member[oneof] = index;
        member_since[oneof] = records.size();
      }
    }
    records.push_back({index, tag, {start, static_cast<std::size_t>(at - start)}, value});
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto oneof = plan.fields[static_cast<std::size_t>(records[i].field)].oneof;
    if (oneof >= 0 && i < member_since[static_cast<std::size_t>(oneof)]) records[i].field = -1;
  }
  std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.field < b.field; });

  sorted.reserve(sorted.size() + wire.size() + kMaxVarintBytes);
  for (std::size_t i = 0; i < records.size();) {
    std::size_t behind = i + 1;
    while (behind < records.size() && records[behind].field == records[i].field) ++behind;
    if (records[i].field >= 0) {
      const FieldPlan& field = plan.fields[static_cast<std::size_t>(records[i].field)];
      if (field.is_repeated || field.kind == Kind::kMap || behind == i + 1) {
        for (std::size_t r = i; r < behind; ++r) sorted += records[r].all;
      } else if (field.kind == Kind::kMessage) {
        std::size_t size = 0;
        for (std::size_t r = i; r < behind; ++r) size += records[r].value.size();
        append_varint(sorted, field.tag);
        append_varint(sorted, size);
        for (std::size_t r = i; r < behind; ++r) {
          if (records[r].tag != field.tag) return false;
          sorted += records[r].value;
        }
      } else {
        sorted += records[behind - 1].all;
      }
    }
    i = behind;
  }
  return true;
}

}  // namespace sluice::codec
