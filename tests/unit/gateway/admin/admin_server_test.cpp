#include "admin/admin_server.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "admin/http_client.hpp"
#include "fake_view.hpp"
#include "runtime/runtime.hpp"

namespace sluice::admin {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto kDeadline = 10s;

/// A client that sends and reads raw bytes.
class Client {
 public:
  explicit Client(std::uint16_t port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool send(std::string_view bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

  /// Reads until `text` came, or the server closed; what came.
  std::string read_until(std::string_view text) {
    while (received_.find(text) == std::string::npos && read_some()) {
    }
    return received_;
  }
  /// Everything until the server closes.
  std::string read_all() {
    while (read_some()) {
    }
    return received_;
  }
  [[nodiscard]] bool is_readable(std::chrono::milliseconds wait) const {
    pollfd ready{fd_, POLLIN, 0};
    return ::poll(&ready, 1, static_cast<int>(wait.count())) == 1;
  }
  void forget() { received_.clear(); }

 private:
  bool read_some() {
    if (!is_readable(kDeadline)) {
      ADD_FAILURE() << "nothing came within the deadline";
      return false;
    }
    std::array<char, 4096> chunk{};
    const ssize_t size = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (size <= 0) return false;
    received_.append(chunk.data(), static_cast<std::size_t>(size));
    return true;
  }

  int fd_ = -1;
  std::string received_;
};

class AdminServerTest : public testing::Test {
 protected:
  void open(HttpLimits limits = {}) {
    limits.linger_timeout = 200ms;
    Result<std::unique_ptr<AdminServer>> opened = AdminServer::open(runtime_, {}, view_, log_, limits);
    ASSERT_TRUE(opened.ok()) << opened.status().text();
    server_ = std::move(*opened);
    ASSERT_TRUE(runtime_.start().ok());
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  std::string exchange(const std::string& request) const {
    Client client(port());
    EXPECT_TRUE(client.send(request));
    return client.read_all();
  }

  FakeView view_;
  SilentLog log_;
  runtime::Runtime runtime_;
  std::unique_ptr<AdminServer> server_;
};

constexpr const char* kGetHealth = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr const char* kGetHealthAndClose = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

TEST_F(AdminServerTest, AnswersWithProtectiveHeaders) {
  open();
  const std::string answer = exchange(kGetHealthAndClose);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Security-Policy: default-src 'self'"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Frame-Options: DENY\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 3\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nok\n"));
}

TEST_F(AdminServerTest, ServesMetrics) {
  open();
  const std::string answer = exchange("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("sluice_events_pending 7\n"));
}

TEST_F(AdminServerTest, SendsNoBodyForHead) {
  open();
  Client client(port());
  ASSERT_TRUE(client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const std::string answer = client.read_until("\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 3\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
  client.forget();
  ASSERT_TRUE(client.send(kGetHealth));
  EXPECT_THAT(client.read_until("ok\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(AdminServerTest, AnswersPipelinedRequestsInOrder) {
  open();
  const std::string answer = exchange(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::size_t first = answer.find("ok\n");
  const std::size_t second = answer.find("404 Not Found");
  const std::size_t third = answer.find("{\"name\":\"fake\"}");
  ASSERT_NE(third, std::string::npos) << answer;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_F(AdminServerTest, TakesARequestInSmallPieces) {
  open();
  Client client(port());
  for (const char c : std::string_view(kGetHealthAndClose)) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
  EXPECT_THAT(client.read_all(), HasSubstr("200 OK"));
}

TEST_F(AdminServerTest, AnswersPostWithTheMethodsThereAre) {
  open();
  const std::string answer = exchange("POST /api/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
}

TEST_F(AdminServerTest, ClosesAfterAMalformedRequestWithoutServingTheNext) {
  open();
  const std::string answer = exchange(std::string("GET / HTTP/1.1\r\nHost : x\r\n\r\n") + kGetHealth);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, HasSubstr("{\"error\":\"malformed header\"}"));
  EXPECT_THAT(answer, Not(HasSubstr("200 OK")));
}

TEST_F(AdminServerTest, DoesNotServeTheBodyOfAGetAsARequest) {
  open();
  const std::string answer =
      exchange("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 46\r\n\r\n" + std::string(kGetHealth));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, Not(HasSubstr("200 OK")));
}

TEST_F(AdminServerTest, RefusesTooLongLinesWithoutWaitingForTheirEnd) {
  open();
  EXPECT_THAT(exchange("GET /" + std::string(5000, 'a')), StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nA: " + std::string(5000, 'a')), StartsWith("HTTP/1.1 431 "));
}

TEST_F(AdminServerTest, RefusesForeignNamesAgainstDnsRebinding) {
  open();
  EXPECT_THAT(exchange("GET /api/status HTTP/1.1\r\nHost: evil.example\r\n\r\n"), StartsWith("HTTP/1.1 421 "));
}

TEST_F(AdminServerTest, EvictsADribblerAtTheAbsoluteDeadline) {
  HttpLimits limits;
  limits.head_timeout = 150ms;
  open(limits);
  Client client(port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nA: "));
  const auto start = std::chrono::steady_clock::now();
  // A byte whenever nothing came for 5 ms, so that no single wait of the server is ever long.
  while (!client.is_readable(5ms) && client.send("a")) {
  }
  const std::string answer = client.read_all();
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
  EXPECT_LT(took, 5s);
}

TEST_F(AdminServerTest, ClosesASilentConnectionWithoutWords) {
  HttpLimits limits;
  limits.head_timeout = 50ms;
  open(limits);
  Client client(port());
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(AdminServerTest, ClosesAnIdleConnectionAfterItsAnswer) {
  HttpLimits limits;
  limits.idle_timeout = 50ms;
  open(limits);
  Client client(port());
  ASSERT_TRUE(client.send(kGetHealth));
  EXPECT_THAT(client.read_all(), testing::EndsWith("ok\n"));
}

TEST_F(AdminServerTest, GivesTheHeadOfALaterRequestItsOwnDeadline) {
  HttpLimits limits;
  limits.head_timeout = 100ms;
  open(limits);
  Client client(port());
  ASSERT_TRUE(client.send(kGetHealth));
  client.read_until("ok\n");
  client.forget();
  ASSERT_TRUE(client.send("GET / HT"));
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(AdminServerTest, EndsAConnectionAfterItsShareOfRequests) {
  HttpLimits limits;
  limits.requests_per_connection = 2;
  open(limits);
  const std::string answer = exchange(std::string(kGetHealth) + kGetHealth + kGetHealth);
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  std::size_t answers = 0;
  for (std::size_t at = answer.find("200 OK"); at != std::string::npos; at = answer.find("200 OK", at + 1)) ++answers;
  EXPECT_EQ(answers, 2U);
}

TEST_F(AdminServerTest, AnswersConnectionsBeyondTheLimitWith503) {
  HttpLimits limits;
  limits.connections = 2;
  open(limits);
  Client first(port());
  Client second(port());
  ASSERT_TRUE(first.send(kGetHealth));
  first.read_until("ok\n");
  ASSERT_TRUE(second.send(kGetHealth));
  second.read_until("ok\n");

  const std::string answer = exchange(kGetHealth);

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 1\r\n"));
  first.forget();
  ASSERT_TRUE(first.send(kGetHealth));
  EXPECT_THAT(first.read_until("ok\n"), HasSubstr("200 OK"));
}

TEST_F(AdminServerTest, AnswersTooManyConnectionsOfOneAddressWith429) {
  HttpLimits limits;
  limits.connections_per_address = 1;
  limits.is_loopback_exempt = false;
  open(limits);
  Client first(port());
  ASSERT_TRUE(first.send(kGetHealth));
  first.read_until("ok\n");
  EXPECT_THAT(exchange(kGetHealth), StartsWith("HTTP/1.1 429 "));
}

TEST_F(AdminServerTest, TakesNewConnectionsOnceOthersEnded) {
  HttpLimits limits;
  limits.connections = 1;
  open(limits);
  for (int i = 0; i < 50; ++i) {
    // The slot is free once the server has seen the close, which may be a moment after the client has.
    std::string answer;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    do {
      answer = exchange(kGetHealthAndClose);
    } while (answer.find("200 OK") == std::string::npos && std::chrono::steady_clock::now() < deadline);
    ASSERT_THAT(answer, HasSubstr("200 OK"));
  }
}

TEST_F(AdminServerTest, SendsLargeAnswersWhole) {
  view_.status = "\"" + std::string(6U << 20U, 'x') + "\"";
  open();
  Client slow(port());
  ASSERT_TRUE(slow.send("GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  slow.read_until("\r\n\r\n");
  // The first is over the budget of all responses by itself, so a second large one has to wait.
  EXPECT_THAT(exchange("GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 503 "));
  const std::string answer = slow.read_all();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, view_.status.size());
}

TEST_F(AdminServerTest, EndsAClientThatDoesNotReadItsAnswer) {
  HttpLimits limits;
  limits.write_timeout = 100ms;
  view_.status = "\"" + std::string(16U << 20U, 'x') + "\"";
  open(limits);
  Client client(port());
  ASSERT_TRUE(client.send("GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  client.read_until("\r\n\r\n");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  std::string other;
  do {  // until its bytes have left the budget
    other = exchange("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  } while (other.find("200 OK") == std::string::npos && std::chrono::steady_clock::now() < deadline);
  EXPECT_THAT(other, HasSubstr("200 OK"));
  EXPECT_LT(client.read_all().size(), view_.status.size());
}

TEST_F(AdminServerTest, ServesManyClientsAtOnce) {
  open();
  std::vector<std::thread> threads;
  std::array<int, 16> good{};
  for (int& count : good) {
    threads.emplace_back([this, &count] {
      Client client(port());
      for (int i = 0; i < 50; ++i) {
        client.forget();
        if (client.send(kGetHealth) && client.read_until("ok\n").find("200 OK") != std::string::npos) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(good, testing::Each(50));
}

TEST_F(AdminServerTest, ClosesIdleConnectionsAndRefusesNewOnes) {
  open();
  Client idle(port());
  ASSERT_TRUE(idle.send(kGetHealth));
  idle.read_until("ok\n");
  Client silent(port());

  server_->close();
  server_->close();

  EXPECT_THAT(idle.read_all(), testing::EndsWith("ok\n"));
  EXPECT_EQ(silent.read_all(), "");
  const Result<HttpReply> reply = http_get("127.0.0.1:" + std::to_string(port()), "/healthz", 5s);
  EXPECT_EQ(reply.status().code(), Code::kUnavailable);
}

TEST_F(AdminServerTest, LetsAResponseFinishWhileItCloses) {
  view_.status = "\"" + std::string(16U << 20U, 'x') + "\"";
  open();
  Client client(port());
  ASSERT_TRUE(client.send("GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  client.read_until("\r\n\r\n");
  std::thread closer([this] { server_->close(); });
  const std::string answer = client.read_all();
  closer.join();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, view_.status.size());
}

TEST_F(AdminServerTest, DoesNotWaitForeverForAClientWhileItCloses) {
  HttpLimits limits;
  limits.close_timeout = 50ms;
  view_.status = "\"" + std::string(16U << 20U, 'x') + "\"";
  open(limits);
  Client client(port());
  ASSERT_TRUE(client.send("GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  client.read_until("\r\n\r\n");
  const auto start = std::chrono::steady_clock::now();
  server_->close();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_LT(client.read_all().size(), view_.status.size());
}

TEST_F(AdminServerTest, MayBeClosedAfterTheRuntimeStopped) {
  open();
  Client client(port());
  ASSERT_TRUE(client.send(kGetHealth));
  client.read_until("ok\n");
  runtime_.stop();
  server_.reset();
}

TEST_F(AdminServerTest, IsUnderstoodByItsOwnClient) {
  open();
  const Result<HttpReply> reply = http_get("127.0.0.1:" + std::to_string(port()), "/api/status", 5s);
  ASSERT_TRUE(reply.ok()) << reply.status().text();
  EXPECT_EQ(reply->status, 200U);
  EXPECT_EQ(reply->body, "{\"name\":\"fake\"}");
}

TEST_F(AdminServerTest, SaysWhichPortIsTaken) {
  open();
  AdminAddress same;
  same.port = port();
  const auto second = AdminServer::open(runtime_, same, view_, log_);
  EXPECT_EQ(second.status().code(), Code::kIo);
  EXPECT_EQ(second.status().text(), "listen on 127.0.0.1: port " + std::to_string(port()) + ": Address already in use");
  AdminAddress nowhere;
  nowhere.host = "no such host";
  EXPECT_EQ(AdminServer::open(runtime_, nowhere, view_, log_).status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace sluice::admin
