#pragma once

#include <string>
#include <vector>

#include "core/ports.hpp"
#include "core/stream.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/quarantine.hpp"

namespace sluice::app {

/// Where the gateway's Kafka is.
struct BrokerFacts {
  std::string bootstrap;
  bool is_embedded = false;
};

/// One moment of a gateway, from which status, report and metrics are made.
struct GatewayPicture {
  std::string name;
  BrokerFacts broker;
  bool is_durable = false;
  std::int64_t wall_us = 0;
  const StreamSet* streams = nullptr;
  pipeline::PipelineStatus pipeline;
  std::vector<plugin::QuarantineEntry> quarantine;
};

/// A stream's name in status and metrics: its own, or OWNER.NAME where two instances have one of that name.
std::string display_name(const StreamSet& streams, const Stream& stream);

/// The shape of GET /api/status and of the closing report.
std::string status_json(const GatewayPicture& picture);
std::string tables_json(const GatewayPicture& picture);
std::vector<Metric> metrics(const GatewayPicture& picture);

}  // namespace sluice::app
