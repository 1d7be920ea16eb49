#pragma once

#include <memory>

#include "core/log.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"
#include "kafka/client_settings.hpp"

namespace sluice::kafka {

/// A producer that needs no broker to be up, now or later: what it is given waits, within queue.buffering.max.messages
/// and .kbytes, until the cluster answers. Records are sent idempotently with acks=all and never expire.
/// A topic with another partition count than configured: the real count counts as soon as the cluster has told it.
/// The destructor gives up what is in flight; flush before. Ownership: `log` outlives it.
/// kInvalid: properties librdkafka refuses in combination.
Result<std::unique_ptr<Producer>> make_producer(const ClientSettings& settings, Log& log);

}  // namespace sluice::kafka
