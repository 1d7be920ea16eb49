// Any bytes as requests: the head is found at the same place whether it comes at once or in two parts, a refusal in a
// part is the refusal of the whole, and what is accepted keeps the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "admin/host_filter.hpp"
#include "admin/request_head.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using sluice::admin::HeadScanner;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const sluice::admin::HttpLimits limits;

  HeadScanner whole(limits);
  const std::size_t head_size = whole.scan(text);

  HeadScanner parts(limits);
  std::size_t in_parts = parts.scan(text.substr(0, text.size() * data[0] / 255));
  if (in_parts == 0 && !parts.refusal()) in_parts = parts.scan(text);
  require(in_parts == head_size);
  require(parts.refusal().has_value() == whole.refusal().has_value());
  if (whole.refusal()) require(parts.refusal()->reason == whole.refusal()->reason);
  if (head_size == 0) return 0;

  require(head_size <= limits.head_max_bytes && text.substr(0, head_size).ends_with("\r\n\r\n"));
  const sluice::admin::ParsedHead parsed = sluice::admin::parse_head(text.substr(0, head_size));
  if (parsed.refusal) {
    require(parsed.refusal->status >= 400 && !parsed.refusal->reason.empty());
    return 0;
  }
  require(!parsed.request.is_get || parsed.request.target.starts_with('/'));
  if (parsed.request.host) (void)sluice::admin::HostFilter("127.0.0.1", {}).is_allowed(*parsed.request.host);
  return 0;
}
