#include <gmock/gmock.h>

#include "admin/host_filter.hpp"
#include "admin/metrics_text.hpp"
#include "admin/request_head.hpp"
#include "admin/router.hpp"
#include "fake_view.hpp"

namespace sluice::admin {
namespace {

using testing::HasSubstr;

std::size_t scan(std::string_view text, HttpLimits limits = {}) {
  HeadScanner scanner(limits);
  return scanner.scan(text);
}

unsigned refusal_status(std::string_view text, HttpLimits limits = {}) {
  HeadScanner scanner(limits);
  const std::size_t size = scanner.scan(text);
  if (scanner.refusal()) return scanner.refusal()->status;
  if (size == 0) return 0;
  const ParsedHead parsed = parse_head(text.substr(0, size));
  return parsed.refusal ? parsed.refusal->status : 200;
}

TEST(HeadScanner, FindsTheEndOfTheHeadAndLeavesWhatFollows) {
  const std::string_view head = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(scan(std::string(head) + "GET /next"), head.size());
  EXPECT_EQ(scan(head.substr(0, head.size() - 1)), 0U);
}

TEST(HeadScanner, ComesToTheSameResultByteByByte) {
  const std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const HttpLimits limits;
  HeadScanner scanner(limits);
  for (std::size_t i = 0; i < head.size(); ++i) EXPECT_EQ(scanner.scan(std::string_view(head).substr(0, i)), 0U);
  EXPECT_EQ(scanner.scan(head), head.size());
}

struct Malformed {
  const char* name;
  const char* text;
  unsigned status;
};

class MalformedHead : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedHead, IsRefused) { EXPECT_EQ(refusal_status(GetParam().text), GetParam().status); }

INSTANTIATE_TEST_SUITE_P(
    Each, MalformedHead,
    testing::Values(
        Malformed{"nothing_wrong", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200},
        Malformed{"bare_line_feed", "GET / HTTP/1.1\nHost: x\r\n\r\n", 400},
        Malformed{"bare_line_feed_in_headers", "GET / HTTP/1.1\r\nHost: x\n\r\n", 400},
        Malformed{"bare_carriage_return", "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400},
        Malformed{"folded_header", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
        Malformed{"folded_with_a_tab", "GET / HTTP/1.1\r\nHost: x\r\n\tc: d\r\n\r\n", 400},
        Malformed{"blank_before_the_colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
        Malformed{"header_without_a_colon", "GET / HTTP/1.1\r\nHost x\r\n\r\n", 400},
        Malformed{"header_without_a_name", "GET / HTTP/1.1\r\n: x\r\n\r\n", 400},
        Malformed{"control_byte", "GET / HTTP/1.1\r\nHost: x\x01\r\n\r\n", 400},
        Malformed{"empty_line_first", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Malformed{"no_version", "GET /\r\nHost: x\r\n\r\n", 400},
        Malformed{"two_blanks", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Malformed{"not_http", "\x16\x03\x01\x02", 400},
        Malformed{"version_2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        Malformed{"version_0_9", "GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505},
        Malformed{"no_host", "GET / HTTP/1.1\r\n\r\n", 400}, Malformed{"no_host_in_1_0", "GET / HTTP/1.0\r\n\r\n", 200},
        Malformed{"two_hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        Malformed{"absolute_target", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Malformed{"length_and_chunked",
                  "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Malformed{"chunked_and_length",
                  "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
        Malformed{"two_lengths", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
        Malformed{"two_equal_lengths", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
                  400},
        Malformed{"negative_length", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
        Malformed{"body", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413},
        Malformed{"chunked_body", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 413},
        Malformed{"unknown_coding", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 413},
        Malformed{"length_of_zero", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200}),
    [](const testing::TestParamInfo<Malformed>& each) { return std::string(each.param.name); });

TEST(HeadScanner, RefusesANulByte) {
  EXPECT_EQ(refusal_status(std::string_view("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29)), 400U);
}

TEST(HeadScanner, BoundsLinesHeadersAndTheWholeWhileReading) {
  const std::string start = "GET / HTTP/1.1\r\nHost: x\r\n";
  EXPECT_EQ(refusal_status("GET /" + std::string(4091, 'a')), 0U);
  EXPECT_EQ(refusal_status("GET /" + std::string(4092, 'a')), 414U);
  EXPECT_EQ(refusal_status(start + "A: " + std::string(4093, 'a')), 0U);
  EXPECT_EQ(refusal_status(start + "A: " + std::string(4094, 'a')), 431U);
  std::string many = start;
  for (int i = 0; i < 63; ++i) many += "A: b\r\n";
  EXPECT_EQ(refusal_status(many + "\r\n"), 200U);
  EXPECT_EQ(refusal_status(many + "A: b\r\n"), 431U);
  std::string large = start;
  for (int i = 0; i < 4; ++i) large += "A: " + std::string(2000, 'a') + "\r\n";
  EXPECT_EQ(refusal_status(large), 0U);
  EXPECT_EQ(refusal_status(large + "A: " + std::string(200, 'a')), 431U);
}

TEST(ParseHead, TellsWhatTheServerNeeds) {
  const ParsedHead head = parse_head("HEAD /a?b HTTP/1.1\r\nHOST: LocalHost:80\r\nConnection: close\r\n\r\n");
  ASSERT_FALSE(head.refusal);
  EXPECT_TRUE(head.request.is_get);
  EXPECT_TRUE(head.request.is_head);
  EXPECT_FALSE(head.request.is_keep_alive);
  EXPECT_EQ(head.request.target, "/a?b");
  EXPECT_EQ(head.request.host, "LocalHost:80");
  EXPECT_TRUE(parse_head("GET / HTTP/1.1\r\nHost: x\r\n\r\n").request.is_keep_alive);
  EXPECT_FALSE(parse_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").request.is_keep_alive);
  EXPECT_FALSE(parse_head("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n").request.is_keep_alive);
  EXPECT_FALSE(parse_head("BREW / HTTP/1.1\r\nHost: x\r\n\r\n").request.is_get);
}

TEST(HostFilter, AllowsLoopbackTheListenHostAndNamedOnes) {
  const HostFilter filter("192.168.0.5", {"Edge.Local"});
  for (const char* good : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.9.1:1", "[::1]", "[::1]:8080",
                           "192.168.0.5:80", "edge.local", "EDGE.local:9"}) {
    EXPECT_TRUE(filter.is_allowed(good)) << good;
  }
  for (const char* bad : {"", "evil.example", "evil.example:8080", "localhost.evil.example", "192.168.0.6", "[::1",
                          "[::2]", "localhost:x", "localhost:80@evil", ":80", "127.0.0.1.evil.example"}) {
    EXPECT_FALSE(filter.is_allowed(bad)) << bad;
  }
}

TEST(HostFilter, AllowsAnyAddressWhenListeningOnAll) {
  const HostFilter filter("0.0.0.0", {});
  EXPECT_TRUE(filter.is_allowed("10.0.0.1:80"));
  EXPECT_TRUE(filter.is_allowed("[fe80::1]:80"));
  EXPECT_FALSE(filter.is_allowed("evil.example"));
}

Response get(const std::string& target, FakeView& view) {
  Request request;
  request.is_get = true;
  request.target = target;
  return route(request, view);
}

TEST(Router, ServesEachPage) {
  FakeView view;
  EXPECT_THAT(get("/", view).body, HasSubstr("/api/status"));
  EXPECT_EQ(get("/healthz", view).body, "ok\n");
  EXPECT_EQ(get("/readyz", view).body, "{\"ready\":true,\"durable\":false}\n");
  EXPECT_EQ(get("/api/status?x=1", view).body, "{\"name\":\"fake\"}");
  EXPECT_EQ(get("/api/tables", view).body, "[\"one\"]");
  EXPECT_EQ(get("/api/plugins", view).body, "[]");
  EXPECT_EQ(get("/api/tables/one", view).body, "{\"rows\":[]}");
  EXPECT_EQ(get("/api/tables/%6fne", view).body, "{\"rows\":[]}");
}

TEST(Router, SaysWhyItIsNotReady) {
  FakeView view;
  view.ready = Status(Code::kFull, "the journal is \"full\"");
  const Response response = get("/readyz", view);
  EXPECT_EQ(response.status, 503U);
  EXPECT_TRUE(response.has_retry_after);
  EXPECT_EQ(response.body, "{\"ready\":false,\"durable\":false,\"reason\":\"the journal is \\\"full\\\"\"}\n");
}

TEST(Router, RefusesWhatIsNotThere) {
  FakeView view;
  EXPECT_EQ(get("/nowhere", view).status, 404U);
  EXPECT_EQ(get("/api/tables/", view).status, 404U);
  EXPECT_EQ(get("/api/tables/two", view).status, 404U);
  EXPECT_EQ(get("/api/tables/two", view).body, "{\"error\":\"no table two\"}\n");
  EXPECT_EQ(get("/api/tables/%zz", view).status, 400U);
  EXPECT_EQ(get("/api/tables/%0a", view).status, 400U);
  EXPECT_EQ(get("/api/tables/%4", view).status, 400U);
}

TEST(Router, AnswersOtherMethodsWithThoseThereAre) {
  FakeView view;
  Request request;
  request.target = "/api/status";
  const Response response = route(request, view);
  EXPECT_EQ(response.status, 405U);
  EXPECT_TRUE(response.has_allow);
}

TEST(Router, TurnsAnExceptionIntoAnAnswer) {
  FakeView view;
  view.is_throwing = true;
  const Response response = get("/api/status", view);
  EXPECT_EQ(response.status, 500U);
  EXPECT_EQ(response.body, "{\"error\":\"out of luck\"}\n");
}

TEST(MetricsText, GroupsMetricsIntoFamilies) {
  const std::string text =
      metrics_text({{"sluice_events_accepted_total", "Events taken.", MetricType::kCounter, {{"source", "a"}}, 3},
                    {"sluice_journal_bytes", "Bytes held.", MetricType::kGauge, {}, 1.5},
                    {"sluice_events_accepted_total", "Events taken.", MetricType::kCounter, {{"source", "b\"\n"}}, 4}});
  EXPECT_EQ(text,
            "# HELP sluice_events_accepted_total Events taken.\n"
            "# TYPE sluice_events_accepted_total counter\n"
            "sluice_events_accepted_total{source=\"a\"} 3\n"
            "sluice_events_accepted_total{source=\"b\\\"\\n\"} 4\n"
            "# HELP sluice_journal_bytes Bytes held.\n"
            "# TYPE sluice_journal_bytes gauge\n"
            "sluice_journal_bytes 1.5\n");
}

}  // namespace
}  // namespace sluice::admin
