#include "admin/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

namespace sluice::admin {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

namespace {

http::response<http::string_body> to_message(Response response, bool is_keep_alive) {
  http::response<http::string_body> message{static_cast<http::status>(response.status), 11};
  message.set(http::field::server, "sluice");
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::cache_control, "no-store");
  message.set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'");
  message.set("X-Content-Type-Options", "nosniff");
  message.set("X-Frame-Options", "DENY");
  message.set("Referrer-Policy", "no-referrer");
  message.set("Cross-Origin-Resource-Policy", "same-origin");
  if (response.has_allow) message.set(http::field::allow, "GET, HEAD");
  if (response.has_retry_after) message.set(http::field::retry_after, "1");
  message.keep_alive(is_keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

}  // namespace

/// One response on its way, and its share of the budget.
struct Session::Outgoing {
  Outgoing(http::response<http::string_body> what, ServerContext& server)
      : message(std::move(what)), context(server), bytes(message.body().size()) {
    context.response_bytes += bytes;
  }
  ~Outgoing() { context.response_bytes -= bytes; }
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  http::response<http::string_body> message;
  http::response_serializer<http::string_body> serializer{message};
  ServerContext& context;
  const std::size_t bytes;
};

Session::Session(std::uint64_t number, asio::ip::tcp::socket socket, std::shared_ptr<ServerContext> context,
                 std::weak_ptr<SessionOwner> owner)
    : number_(number),
      socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      context_(std::move(context)),
      owner_(std::move(owner)),
      scanner_(context_->limits) {}

Session::~Session() = default;

void Session::start() {
  phase_ = Phase::kHead;
  set_deadline(context_->limits.head_timeout);
  do_read();
}

void Session::refuse(Refusal refusal) { answer_refusal(refusal); }

void Session::close() {
  if (phase_ != Phase::kWriting) end();
}

void Session::abort() { end(); }

void Session::set_deadline(std::chrono::milliseconds duration) {
  is_timed_out_ = false;
  deadline_.expires_after(duration);
  deadline_.async_wait([self = shared_from_this()](ErrorCode error) {
    // A wait that already fired when the next phase began is in the queue as a success.
    if (!error && self->deadline_.expiry() <= std::chrono::steady_clock::now()) self->on_deadline();
  });
}

void Session::on_deadline() {
  if (phase_ == Phase::kEnded) return;
  if (phase_ != Phase::kHead) {
    end();
    return;
  }
  is_timed_out_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void Session::begin_request() {
  scanner_.reset();
  phase_ = buffer_.empty() ? Phase::kIdle : Phase::kHead;
  set_deadline(buffer_.empty() ? context_->limits.idle_timeout : context_->limits.head_timeout);
  serve_buffered();
}

void Session::do_read() {
  socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](ErrorCode error, std::size_t size) {
    self->on_read(error, size);
  });
}

void Session::on_read(ErrorCode error, std::size_t size) {
  if (phase_ == Phase::kEnded) return;
  if (is_timed_out_ && !buffer_.empty()) {
    answer_refusal({408, "the request took too long"});
    return;
  }
  if (error || is_timed_out_) {
    end();
    return;
  }
  if (phase_ == Phase::kIdle) {
    phase_ = Phase::kHead;
    set_deadline(context_->limits.head_timeout);
  }
  buffer_.append(chunk_.data(), size);
  serve_buffered();
}

void Session::serve_buffered() {
  const std::size_t head_size = scanner_.scan(buffer_);
  if (scanner_.refusal()) {
    answer_refusal(*scanner_.refusal());
    return;
  }
  if (head_size == 0) {
    do_read();
    return;
  }
  const ParsedHead parsed = parse_head(std::string_view(buffer_).substr(0, head_size));
  buffer_.erase(0, head_size);
  if (parsed.refusal) {
    answer_refusal(*parsed.refusal);
    return;
  }
  const Request& request = parsed.request;
  if (request.host && !context_->hosts.is_allowed(*request.host)) {
    answer_refusal({421, "this server is not known by that Host; admin.hosts in the configuration allows more names"});
    return;
  }
  ++requests_;
  const bool is_keep_alive =
      request.is_keep_alive && requests_ < context_->limits.requests_per_connection && !context_->is_closing;
  do_write(route(request, context_->view), request.is_head, is_keep_alive);
}

void Session::answer_refusal(const Refusal& refusal) {
  do_write(error_response(refusal.status, refusal.reason), false, false);
}

void Session::do_write(Response response, bool is_head, bool is_keep_alive) {
  const std::size_t in_use = context_->response_bytes;
  if (in_use > 0 && in_use + response.body.size() > context_->limits.response_budget_bytes) {
    response = error_response(503, "too many responses are being sent");
  }
  phase_ = Phase::kWriting;
  set_deadline(context_->limits.write_timeout);
  outgoing_ = std::make_unique<Outgoing>(to_message(std::move(response), is_keep_alive), *context_);
  const auto done = [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_write(error); };
  if (is_head) {
    outgoing_->serializer.split(true);
    http::async_write_header(socket_, outgoing_->serializer, done);
  } else {
    http::async_write(socket_, outgoing_->serializer, done);
  }
}

void Session::on_write(ErrorCode error) {
  if (phase_ == Phase::kEnded) return;
  const bool is_keep_alive = outgoing_->message.keep_alive();
  outgoing_.reset();
  if (error) {
    end();
  } else if (is_keep_alive && !context_->is_closing) {
    begin_request();
  } else {
    do_linger();
  }
}

void Session::do_linger() {
  phase_ = Phase::kLingering;
  set_deadline(context_->limits.linger_timeout);
  ErrorCode error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error || context_->is_closing) {
    end();
    return;
  }
  socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](ErrorCode read_error, std::size_t size) {
    self->on_linger(read_error, size);
  });
}

void Session::on_linger(ErrorCode error, std::size_t size) {
  if (phase_ == Phase::kEnded) return;
  lingered_bytes_ += size;
  if (error || lingered_bytes_ > context_->limits.linger_max_bytes) {
    end();
    return;
  }
  socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](ErrorCode read_error, std::size_t bytes) {
    self->on_linger(read_error, bytes);
  });
}

void Session::end() {
  if (phase_ == Phase::kEnded) return;
  phase_ = Phase::kEnded;
  ErrorCode ignored;
  deadline_.cancel();
  socket_.close(ignored);
  if (const std::shared_ptr<SessionOwner> owner = owner_.lock()) owner->on_end(number_);
}

}  // namespace sluice::admin
