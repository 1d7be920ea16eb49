#include "pipeline/accounting.hpp"

#include <algorithm>

namespace sluice::pipeline {
namespace {

std::int64_t difference(const EventAccount& events) {
  return static_cast<std::int64_t>(events.accepted + events.recovered) -
         static_cast<std::int64_t>(events.delivered + events.pending + sum(events.dropped));
}

}  // namespace

Account take_account(const Ledger& ledger, const Journal& journal, const StreamSet& streams) {
  Account account;
  const ForwarderAccount forwarder = ledger.copy();
  std::vector<std::uint64_t> accepted;
  account.journal = journal.stats(&accepted);
  account.producer_restarts = forwarder.producer_restarts;
  account.stray_reports = forwarder.stray_reports;

  EventAccount& total = account.total;
  total.accepted = account.journal.appended_events;
  total.recovered = account.journal.recovered_events;
  total.pending = forwarder.taken_through == 0 ? total.accepted + total.recovered
                                               : account.journal.last_sequence - forwarder.taken_through;
  for (const Stream& stream : streams) {
    const StreamTally tally = stream.id < forwarder.streams.size() ? forwarder.streams[stream.id] : StreamTally{};
    total.delivered += tally.delivered;
    total.pending += tally.in_flight;
    if (stream.kind != StreamKind::kEvents) continue;
    StreamAccount& own = account.streams.emplace_back();
    own.stream = stream.id;
    own.events.accepted = stream.id < accepted.size() ? accepted[stream.id] : 0;
    own.events.delivered = tally.delivered;
    if (stream.id < forwarder.dropped.size()) own.events.dropped = forwarder.dropped[stream.id];
    for (const auto& [reason, count] : own.events.dropped) total.dropped[reason] += count;
    // A stream's recovered events are not counted one by one: they show when they are read.
    const std::uint64_t known = total.recovered == 0 ? own.events.accepted : std::max(own.events.accepted, tally.taken);
    own.events.recovered = known - own.events.accepted;
    own.events.pending = known - tally.taken + tally.in_flight;
    own.events.unaccounted = difference(own.events);
  }
  total.unaccounted = difference(total);
  return account;
}

}  // namespace sluice::pipeline
