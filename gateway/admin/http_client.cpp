#include "admin/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace sluice::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::size_t kReplyMaxBytes = 64U << 20U;

/// One request on one connection: resolve, connect, write, read. Each step starts the next; an error ends the chain.
class Exchange {
 public:
  Exchange(asio::io_context& io, std::string host, std::string port, std::string_view target,
           std::chrono::milliseconds timeout)
      : resolver_(io), stream_(io), host_(std::move(host)), port_(std::move(port)) {
    request_ = {http::verb::get, beast::string_view(target.data(), target.size()), 11};
    request_.set(http::field::host, host_ + ":" + port_);
    request_.set(http::field::connection, "close");
    parser_.body_limit(kReplyMaxBytes);
    stream_.expires_after(timeout);
  }

  void do_resolve() {
    resolver_.async_resolve(host_, port_, [this](beast::error_code error, const tcp::resolver::results_type& found) {
      if (fails(error)) return;
      stream_.async_connect(
          found, [this](beast::error_code connect_error, const tcp::endpoint&) { on_connect(connect_error); });
    });
  }

  [[nodiscard]] Result<HttpReply> result() && {
    if (error_ == beast::error::timeout) return Status(Code::kTimeout, "no answer in time");
    if (error_) return Status(Code::kUnavailable, error_.message());
    return HttpReply{parser_.get().result_int(), std::move(parser_.get().body())};
  }

 private:
  void on_connect(beast::error_code error) {
    if (fails(error)) return;
    http::async_write(stream_, request_, [this](beast::error_code write_error, std::size_t) { on_write(write_error); });
  }
  void on_write(beast::error_code error) {
    if (fails(error)) return;
    http::async_read(stream_, buffer_, parser_,
                     [this](beast::error_code read_error, std::size_t) { fails(read_error); });
  }
  bool fails(beast::error_code error) {
    error_ = error;
    return static_cast<bool>(error);
  }

  tcp::resolver resolver_;
  beast::tcp_stream stream_;
  const std::string host_;
  const std::string port_;
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  beast::error_code error_;
};

}  // namespace

Result<HttpReply> http_get(std::string_view address, std::string_view target, std::chrono::milliseconds timeout) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == address.size()) {
    return Status(Code::kInvalid, "address '" + std::string(address) + "', expected HOST:PORT");
  }
  asio::io_context io(1);
  Exchange exchange(io, std::string(address.substr(0, colon)), std::string(address.substr(colon + 1)), target, timeout);
  exchange.do_resolve();
  io.run();
  return std::move(exchange).result();
}

}  // namespace sluice::admin
