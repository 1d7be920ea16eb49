#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "admin/host_filter.hpp"
#include "admin/http_limits.hpp"
#include "admin/request_head.hpp"
#include "admin/router.hpp"

namespace sluice::admin {

/// What the sessions of one server share. Thread: the runtime's.
struct ServerContext {
  HttpLimits limits;
  HostFilter hosts;
  AdminView& view;
  bool is_closing = false;
  std::size_t response_bytes = 0;  ///< of all responses being written
};

/// Told when a session ends.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  virtual void on_end(std::uint64_t session) = 0;
};

/// Serves one connection, one request after the other, so that pipelined ones wait in the buffer:
///
///   do_read ─▶ on_read ─┬─ head incomplete: do_read        the head's deadline runs on
///                       ├─ served:  do_write ─▶ on_write ─┬─ keep-alive: next request
///                       └─ refused: do_write ─▶ on_write ─┴─ else: do_linger ─▶ on_linger … ─▶ end
///
/// Every phase has one deadline, set when it begins. Pending work keeps the session alive. Thread: the runtime's.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `context` and `owner` outlive the session's last callback.
  Session(std::uint64_t number, boost::asio::ip::tcp::socket socket, std::shared_ptr<ServerContext> context,
          std::weak_ptr<SessionOwner> owner);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();
  /// Answers with the refusal, whatever is asked, and ends.
  void refuse(Refusal refusal);
  /// Ends now if no response is being written, else after it.
  void close();
  /// Ends now.
  void abort();

 private:
  enum class Phase : std::uint8_t { kIdle = 1, kHead, kWriting, kLingering, kEnded };
  struct Outgoing;

  void set_deadline(std::chrono::milliseconds duration);
  void on_deadline();
  void begin_request();
  void do_read();
  void on_read(boost::system::error_code error, std::size_t size);
  void serve_buffered();
  void answer_refusal(const Refusal& refusal);
  void do_write(Response response, bool is_head, bool is_keep_alive);
  void on_write(boost::system::error_code error);
  void do_linger();
  void on_linger(boost::system::error_code error, std::size_t size);
  void end();

  const std::uint64_t number_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  const std::shared_ptr<ServerContext> context_;
  const std::weak_ptr<SessionOwner> owner_;
  Phase phase_ = Phase::kIdle;
  bool is_timed_out_ = false;
  std::size_t requests_ = 0;
  std::size_t lingered_bytes_ = 0;
  std::string buffer_;  // what was read and not yet served; at most one head and what came with it
  std::array<char, 2048> chunk_{};
  HeadScanner scanner_;
  std::unique_ptr<Outgoing> outgoing_;
};

}  // namespace sluice::admin
