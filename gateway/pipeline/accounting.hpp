#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ports.hpp"
#include "core/stream.hpp"
#include "pipeline/ledger.hpp"
#include "pipeline/reason_counts.hpp"

namespace sluice::pipeline {

/// accepted + recovered = delivered + pending + dropped, for all events of the gateway or those of one stream.
struct EventAccount {
  std::uint64_t accepted = 0;
  std::uint64_t recovered = 0;
  std::uint64_t delivered = 0;
  std::uint64_t pending = 0;
  Reasons dropped;
  std::int64_t unaccounted = 0;  ///< measured, see take_account; anything but 0 is a bug
};

struct StreamAccount {
  StreamId stream = 0;
  EventAccount events;
};

struct Account {
  EventAccount total;
  std::vector<StreamAccount> streams;  ///< event streams only; the rows of tables are not journaled
  JournalStats journal;
  std::uint64_t producer_restarts = 0;
  std::uint64_t stray_reports = 0;
};

/// One consistent picture out of two, each of one moment: first the forwarder's published account F, then the journal's
/// counts J, taken later, so that J holds everything F has taken. Between the two only J can grow, and what it grew by
/// is pending. Four independent measures meet:
///   accepted, recovered   J: events counted while they were appended
///   delivered, dropped    F: counted while each report or refusal was handled
///   pending               sequences J gave out that F has not read, by their numbers, plus what F counts in flight
/// `unaccounted` is what is left: an event read twice or skipped, resolved without a count, or counted without being
/// resolved shows there. A dead-lettered event counts as dropped(reason); its dead letter is an event of its own.
/// Thread: any.
[[nodiscard]] Account take_account(const Ledger& ledger, const Journal& journal, const StreamSet& streams);

}  // namespace sluice::pipeline
