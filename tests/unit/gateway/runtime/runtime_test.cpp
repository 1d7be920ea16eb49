#include "runtime/runtime.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;
constexpr auto kDeadline = 10s;

TEST(Runtime, RunsPostedCallsInOrderOnItsOwnThread) {
  Runtime runtime;
  std::vector<int> order;
  std::thread::id thread;
  std::promise<void> done;
  runtime.post([&] { order.push_back(1); });
  ASSERT_TRUE(runtime.start().ok());
  runtime.post([&] {
    order.push_back(2);
    thread = std::this_thread::get_id();
    done.set_value();
  });

  ASSERT_EQ(done.get_future().wait_for(kDeadline), std::future_status::ready);
  runtime.stop();

  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(Runtime, CallReturnsAfterTheCallRan) {
  Runtime runtime;
  int calls = 0;
  runtime.call([&] { ++calls; });  // no loop yet: directly
  ASSERT_TRUE(runtime.start().ok());
  EXPECT_TRUE(runtime.is_running());
  runtime.call([&] { runtime.call([&] { ++calls; }); });  // from the runtime thread: directly
  runtime.stop();
  EXPECT_FALSE(runtime.is_running());
  runtime.call([&] { ++calls; });
  EXPECT_EQ(calls, 3);
}

TEST(Runtime, CallsPeriodicallyUntilItStops) {
  Runtime runtime;
  std::atomic<int> calls{0};
  std::promise<void> third;
  runtime.every(1ms, [&] {
    if (++calls == 3) third.set_value();
  });
  ASSERT_TRUE(runtime.start().ok());

  ASSERT_EQ(third.get_future().wait_for(kDeadline), std::future_status::ready);
  runtime.stop();
  const int at_stop = calls;
  runtime.stop();

  EXPECT_EQ(calls, at_stop);
}

TEST(Runtime, TellsTheFirstSignalFromTheNext) {
  Runtime runtime;
  std::promise<void> stop;
  std::promise<void> stop_now;
  ASSERT_TRUE(runtime.watch_signals([&] { stop.set_value(); }, [&] { stop_now.set_value(); }).ok());
  ASSERT_TRUE(runtime.start().ok());
  std::future<void> is_now = stop_now.get_future();

  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  ASSERT_EQ(stop.get_future().wait_for(kDeadline), std::future_status::ready);
  EXPECT_EQ(is_now.wait_for(0s), std::future_status::timeout);
  ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
  EXPECT_EQ(is_now.wait_for(kDeadline), std::future_status::ready);
}

TEST(Runtime, MakesABrokenPipeAnError) {
  const Runtime runtime;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);  // with the default of SIGPIPE the test would end here
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

TEST(Runtime, DropsWhatIsPostedAfterTheStop) {
  bool is_called = false;
  {
    Runtime runtime;
    ASSERT_TRUE(runtime.start().ok());
    runtime.stop();
    runtime.post([&] { is_called = true; });
  }
  EXPECT_FALSE(is_called);
}

}  // namespace
}  // namespace sluice::runtime
