#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "core/event.hpp"
#include "pipeline/reason_counts.hpp"

namespace sluice::pipeline {

/// What the forwarder did with the events of one stream.
struct StreamTally {
  std::uint64_t taken = 0;      ///< read from the journal
  std::uint64_t delivered = 0;  ///< acknowledged by Kafka, each event once
  std::uint64_t dropped = 0;    ///< given up, with a reason
  std::uint64_t in_flight = 0;  ///< taken and not yet delivered or dropped; counted by itself, never by subtraction
};

/// The forwarder's side of the account, of one moment.
struct ForwarderAccount {
  Sequence taken_through = 0;        ///< every sequence up to here was read from the journal
  std::vector<StreamTally> streams;  ///< by StreamId
  std::vector<Reasons> dropped;      ///< by StreamId
  std::uint64_t producer_restarts = 0;
  std::uint64_t stray_reports = 0;  ///< reports for records that were not in flight
};

/// Hands the forwarder's account to whoever asks. The forwarder publishes all of it at once, at the end of each round,
/// so a reader never sees half a round. Thread: publish() the forwarder; copy() any.
class Ledger {
 public:
  void publish(const ForwarderAccount& account, bool has_new_drops) {
    const std::lock_guard lock(mutex_);
    account_.taken_through = account.taken_through;
    account_.streams = account.streams;
    if (has_new_drops) account_.dropped = account.dropped;
    account_.producer_restarts = account.producer_restarts;
    account_.stray_reports = account.stray_reports;
  }
  [[nodiscard]] ForwarderAccount copy() const {
    const std::lock_guard lock(mutex_);
    return account_;
  }

 private:
  mutable std::mutex mutex_;
  ForwarderAccount account_;
};

}  // namespace sluice::pipeline
