#include "plugin/watched_call.hpp"

#include <pthread.h>

#include <cassert>
#include <system_error>
#include <utility>

namespace sluice::plugin {

struct SetAsideList {
  std::mutex mutex;
  std::vector<std::shared_ptr<WatchedCall>> calls;

  /// Never destroyed: its threads may still run while the process exits.
  static SetAsideList& instance() {
    static auto* list = new SetAsideList;
    return *list;
  }

  std::vector<SetAsideCall> reap() {
    std::vector<SetAsideCall> pending;
    const std::lock_guard lock(mutex);
    std::erase_if(calls, [&](const std::shared_ptr<WatchedCall>& call) {
      bool is_done = false;
      {
        const std::lock_guard call_lock(call->mutex_);
        is_done = call->is_done_;
      }
      if (is_done) {
        call->thread_.join();
      } else {
        pending.push_back({call->instance_, call->call_});
      }
      return is_done;
    });
    return pending;
  }
};

Result<std::shared_ptr<WatchedCall>> WatchedCall::start(std::string instance, std::string call,
                                                        std::function<void()> body) {
  std::shared_ptr<WatchedCall> watched(new WatchedCall(std::move(instance), std::move(call)));
  try {
    // The thread does not own the call: whoever waits, or the list of those set aside, outlives it.
    watched->thread_ = std::thread([raw = watched.get(), body = std::move(body)] {
      ::pthread_setname_np(::pthread_self(), raw->instance_.substr(0, 15).c_str());
      body();
      raw->finish();
    });
  } catch (const std::system_error& e) {
    return Status(Code::kUnavailable, std::string("cannot start a thread: ") + e.what());
  }
  return watched;
}

WatchedCall::~WatchedCall() { assert(!thread_.joinable()); }

void WatchedCall::finish() {
  std::function<void()> on_return;
  {
    const std::lock_guard lock(mutex_);
    if (!on_return_) {
      is_done_ = true;
      changed_.notify_all();
      return;
    }
    on_return = std::move(on_return_);
  }
  on_return();
  const std::lock_guard lock(mutex_);
  is_done_ = true;
  changed_.notify_all();
}

void WatchedCall::join() {
  if (thread_.joinable()) thread_.join();
}

bool WatchedCall::wait_for(std::chrono::milliseconds limit) {
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [this] { return is_done_; })) return false;
  }
  join();
  return true;
}

bool WatchedCall::wait_until_hurried(std::chrono::milliseconds grace) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_done_ || is_hurried_; });
  }
  return wait_for(grace);
}

void WatchedCall::hurry() {
  const std::lock_guard lock(mutex_);
  is_hurried_ = true;
  changed_.notify_all();
}

bool WatchedCall::set_aside(std::function<void()> on_return) {
  SetAsideList& list = SetAsideList::instance();
  {
    const std::lock_guard list_lock(list.mutex);
    const std::lock_guard lock(mutex_);
    if (!is_done_) {
      on_return_ = std::move(on_return);
      list.calls.push_back(shared_from_this());
      return true;
    }
  }
  join();
  return false;
}

std::vector<SetAsideCall> set_aside_calls() { return SetAsideList::instance().reap(); }

}  // namespace sluice::plugin
