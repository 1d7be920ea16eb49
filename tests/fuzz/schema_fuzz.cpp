// A plugin's descriptor set: message name up to the first zero byte, then the set. Also any bytes as a time zone file.

#include <cstddef>
#include <cstdint>

#include "codec/schema.hpp"
#include "codec/time_zone.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto& checker = *sluice::codec::make_schema_checker().release();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = bytes.find('\0');
  if (zero != std::string_view::npos) {
    sluice::StreamDeclaration stream;
    stream.name = "fuzz";
    stream.message = bytes.substr(0, zero);
    stream.key_field = "key";
    (void)checker.check(bytes.substr(zero + 1), {stream});
  }
  if (auto zone = sluice::codec::TimeZone::parse(bytes); zone.ok()) {
    for (const std::int64_t at : {INT64_MIN / 2, std::int64_t{0}, std::int64_t{1} << 40, INT64_MAX / 2}) {
      (void)(*zone)->offset_at(at);
      (void)(*zone)->offset_of_local(at);
    }
  }
  return 0;
}
