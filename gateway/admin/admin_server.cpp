#include "admin/admin_server.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <map>
#include <mutex>

#include "admin/session.hpp"
#include "runtime/runtime.hpp"

namespace sluice::admin {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

/// Connections beyond the limit get an answer that says so; beyond this many of those, they are closed unanswered.
constexpr std::size_t kRefusingSessions = 32;
constexpr std::chrono::milliseconds kAcceptPause{100};

Result<tcp::endpoint> resolve(asio::io_context& io, const AdminAddress& address) {
  ErrorCode error;
  const asio::ip::address literal = asio::ip::make_address(address.host, error);
  if (!error) return tcp::endpoint(literal, address.port);
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error || found.empty()) return Status(Code::kInvalid, address.host + ": " + error.message());
  return found.begin()->endpoint();
}

}  // namespace

/// Accepts connections and keeps count of them. Thread: the runtime's, except where said.
class AdminServer::Listener : public SessionOwner, public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, const AdminAddress& address, AdminView& view, Log& log, const HttpLimits& limits)
      : acceptor_(io),
        pause_(io),
        log_(log),
        context_(std::make_shared<ServerContext>(
            ServerContext{.limits = limits, .hosts = HostFilter(address.host, address.extra_hosts), .view = view})) {}

  /// Before anything else runs. Thread: the creator's.
  Status open(const tcp::endpoint& endpoint) {
    ErrorCode error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.protocol() == tcp::v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (!error) return {};
    return Status(Code::kIo, "port " + std::to_string(endpoint.port()) + ": " + error.message());
  }

  /// Thread: any, once open() returned.
  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] std::chrono::milliseconds close_timeout() const { return context_->limits.close_timeout; }

  void do_accept() {
    acceptor_.async_accept([self = shared_from_this()](ErrorCode error, tcp::socket socket) {
      self->on_accept(error, std::move(socket));
    });
  }

  void begin_close() {
    if (context_->is_closing) return;
    context_->is_closing = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (const auto& [number, entry] : std::map(sessions_)) entry.session->close();
    announce_if_empty();
  }

  void abort_all() {
    for (const auto& [number, entry] : std::map(sessions_)) entry.session->abort();
  }

  /// Waits for the last session after begin_close(). Thread: any but the runtime's.
  void wait_until_empty(std::chrono::milliseconds longest) {
    std::unique_lock lock(empty_mutex_);
    empty_changed_.wait_for(lock, longest, [this] { return is_empty_; });
  }

  void on_end(std::uint64_t number) override {
    const auto found = sessions_.find(number);
    if (found == sessions_.end()) return;
    if (found->second.is_refusing) --refusing_;
    sessions_.erase(found);
    announce_if_empty();
  }

 private:
  struct Entry {
    std::shared_ptr<Session> session;
    asio::ip::address address;
    bool is_refusing = false;
  };

  void on_accept(ErrorCode error, tcp::socket socket) {
    if (context_->is_closing) return;
    if (error) {
      if (error != asio::error::connection_aborted) log_.warning("admin", "accept: " + error.message());
      // Out of descriptors: without a pause the loop would spin until one is free.
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([self = shared_from_this()](ErrorCode cancelled) {
        if (!cancelled) self->do_accept();
      });
      return;
    }
    add_session(std::move(socket));
    do_accept();
  }

  void add_session(tcp::socket socket) {
    ErrorCode error;
    const asio::ip::address address = socket.remote_endpoint(error).address();
    if (error) return;
    socket.set_option(tcp::no_delay(true), error);
    const std::optional<Refusal> refusal = refusal_for(address);
    if (refusal && refusing_ >= kRefusingSessions) return;
    const std::uint64_t number = ++last_number_;
    auto session = std::make_shared<Session>(number, std::move(socket), context_, weak_from_this());
    sessions_.emplace(number, Entry{session, address, refusal.has_value()});
    if (!refusal) {
      session->start();
      return;
    }
    ++refusing_;
    session->refuse(*refusal);
  }

  [[nodiscard]] std::optional<Refusal> refusal_for(const asio::ip::address& address) const {
    const HttpLimits& limits = context_->limits;
    if (sessions_.size() - refusing_ >= limits.connections) return Refusal{503, "too many connections"};
    if (limits.is_loopback_exempt && address.is_loopback()) return std::nullopt;
    const auto same = std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& each) {
      return !each.second.is_refusing && each.second.address == address;
    });
    if (static_cast<std::size_t>(same) < limits.connections_per_address) return std::nullopt;
    return Refusal{429, "too many connections from this address"};
  }

  void announce_if_empty() {
    if (!context_->is_closing || !sessions_.empty()) return;
    const std::lock_guard lock(empty_mutex_);
    is_empty_ = true;
    empty_changed_.notify_all();
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Log& log_;
  const std::shared_ptr<ServerContext> context_;
  std::uint16_t port_ = 0;  // constant after open()
  std::map<std::uint64_t, Entry> sessions_;
  std::size_t refusing_ = 0;
  std::uint64_t last_number_ = 0;

  std::mutex empty_mutex_;
  std::condition_variable empty_changed_;
  bool is_empty_ = false;  // guarded by empty_mutex_
};

AdminServer::AdminServer(runtime::Runtime& runtime, std::shared_ptr<Listener> listener)
    : runtime_(runtime), listener_(std::move(listener)) {}

AdminServer::~AdminServer() { close(); }

Result<std::unique_ptr<AdminServer>> AdminServer::open(runtime::Runtime& runtime, const AdminAddress& address,
                                                       AdminView& view, Log& log, const HttpLimits& limits) {
  const std::string context = "listen on " + address.host;
  Result<tcp::endpoint> endpoint = resolve(runtime.io(), address);
  if (!endpoint) return endpoint.status().with_context(context);
  auto listener = std::make_shared<Listener>(runtime.io(), address, view, log, limits);
  if (Status status = listener->open(*endpoint); !status.ok()) return std::move(status).with_context(context);
  runtime.call([&listener] { listener->do_accept(); });
  return std::unique_ptr<AdminServer>(new AdminServer(runtime, std::move(listener)));
}

std::uint16_t AdminServer::port() const { return listener_->port(); }

void AdminServer::close() {
  const bool is_running = runtime_.is_running();
  runtime_.call([this] { listener_->begin_close(); });
  if (is_running) listener_->wait_until_empty(listener_->close_timeout());
  runtime_.call([this] { listener_->abort_all(); });
}

}  // namespace sluice::admin
