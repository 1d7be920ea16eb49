#pragma once

/// For gateway/kafka/*.cpp only: librdkafka's error codes as counters, classes and Status.

#include <librdkafka/rdkafka.h>

#include <string_view>

#include "core/status.hpp"

namespace sluice::kafka {

/// A short name from a bounded set, fit for a metric's label. Static text.
std::string_view reason_of(rd_kafka_resp_err_t error);

/// True when the record itself is at fault, so that no retry can help.
bool is_permanent(rd_kafka_resp_err_t error);

/// kTimeout, kUnavailable, kInvalid or kNotFound with librdkafka's text.
Status to_status(rd_kafka_resp_err_t error, std::string_view context);

}  // namespace sluice::kafka
