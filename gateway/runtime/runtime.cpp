#include "runtime/runtime.hpp"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <future>
#include <system_error>
#include <thread>

namespace sluice::runtime {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

namespace {

/// A timer that rearms itself. The pending wait keeps it alive; the loop's end drops it.
class Periodic : public std::enable_shared_from_this<Periodic> {
 public:
  Periodic(asio::io_context& io, std::chrono::milliseconds interval, std::function<void()> call)
      : timer_(io), interval_(interval), call_(std::move(call)), next_(std::chrono::steady_clock::now() + interval) {}

  void do_wait() {
    timer_.expires_at(next_);
    timer_.async_wait([self = shared_from_this()](ErrorCode error) { self->on_wait(error); });
  }

 private:
  void on_wait(ErrorCode error) {
    if (error) return;
    call_();
    // The grid of calls does not drift; what was missed while the loop was busy is skipped.
    const auto now = std::chrono::steady_clock::now();
    next_ += interval_;
    if (next_ <= now) next_ = now + interval_;
    do_wait();
  }

  asio::steady_timer timer_;
  const std::chrono::milliseconds interval_;
  const std::function<void()> call_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace

class Runtime::Loop {
 public:
  ~Loop() { stop(); }

  Status watch_signals(std::function<void()> stop, std::function<void()> stop_now) {
    stop_ = std::move(stop);
    stop_now_ = std::move(stop_now);
    for (const int number : {SIGINT, SIGTERM}) {
      ErrorCode error;
      signals_.add(number, error);
      if (error) return Status(Code::kIo, "signal " + std::to_string(number) + ": " + error.message());
    }
    do_wait_signal();
    return {};
  }

  Status start() {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
      return Status(Code::kIo, std::string("start the runtime thread: ") + error.what());
    }
    return {};
  }

  void stop() {
    work_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void call(const std::function<void()>& call) {
    if (!is_running() || std::this_thread::get_id() == thread_.get_id()) {
      call();
      return;
    }
    // A loop that stops before it comes to the call breaks the promise, which also ends the wait.
    auto task = std::make_shared<std::packaged_task<void()>>(call);
    std::future<void> done = task->get_future();
    asio::post(io_, [moved = std::move(task)] { (*moved)(); });
    while (done.wait_for(kStopCheck) != std::future_status::ready) {
      if (io_.stopped()) return;
    }
  }

  [[nodiscard]] bool is_running() const { return thread_.joinable(); }

  asio::io_context& io() { return io_; }

 private:
  static constexpr std::chrono::milliseconds kStopCheck{50};

  void run() {
    (void)::pthread_setname_np(::pthread_self(), "runtime");
    io_.run();
  }

  void do_wait_signal() {
    signals_.async_wait([this](ErrorCode error, int) { on_signal(error); });
  }

  void on_signal(ErrorCode error) {
    if (error) return;
    const bool is_first = !has_signal_;
    has_signal_ = true;
    do_wait_signal();
    (is_first ? stop_ : stop_now_)();
  }

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  std::thread thread_;
  // Runtime thread only, once started.
  asio::signal_set signals_{io_};
  bool has_signal_ = false;
  std::function<void()> stop_;
  std::function<void()> stop_now_;
};

Runtime::Runtime() : loop_(std::make_unique<Loop>()) { (void)std::signal(SIGPIPE, SIG_IGN); }
Runtime::~Runtime() = default;

Status Runtime::watch_signals(std::function<void()> stop, std::function<void()> stop_now) {
  return loop_->watch_signals(std::move(stop), std::move(stop_now));
}

void Runtime::every(std::chrono::milliseconds interval, std::function<void()> call) {
  auto periodic = std::make_shared<Periodic>(loop_->io(), interval, std::move(call));
  asio::post(loop_->io(), [periodic] { periodic->do_wait(); });
}

void Runtime::post(std::function<void()> call) { asio::post(loop_->io(), std::move(call)); }
void Runtime::call(const std::function<void()>& call) { loop_->call(call); }
Status Runtime::start() { return loop_->start(); }
void Runtime::stop() { loop_->stop(); }
bool Runtime::is_running() const { return loop_->is_running(); }
asio::io_context& Runtime::io() { return loop_->io(); }

}  // namespace sluice::runtime
