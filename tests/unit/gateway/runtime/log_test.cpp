#include "runtime/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "runtime/log_text.hpp"

namespace sluice::runtime {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

class SteppedClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_us() const override { return 0; }
  [[nodiscard]] std::int64_t monotonic_us() const override { return now_us; }
  std::int64_t now_us = 1;
};

/// A log into a pipe; lines() reads what was written so far.
class LogIntoPipe {
 public:
  explicit LogIntoPipe(LogForm form, LogLevel level = LogLevel::kDebug, std::uint32_t burst = 0) {
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends_[0], F_SETFL, O_NONBLOCK), 0);
    LogOptions options;
    options.descriptor = ends_[1];
    options.form = form;
    options.burst = burst;
    options.clock = &clock;
    log = make_log(level, options);
  }
  ~LogIntoPipe() {
    log.reset();
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  LogIntoPipe(const LogIntoPipe&) = delete;
  LogIntoPipe& operator=(const LogIntoPipe&) = delete;

  std::vector<std::string> lines() {
    std::string text;
    std::array<char, 4096> chunk{};
    ssize_t size = 0;
    while ((size = ::read(ends_[0], chunk.data(), chunk.size())) > 0)
      text.append(chunk.data(), static_cast<std::size_t>(size));
    std::vector<std::string> out;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      out.push_back(text.substr(0, end));
      text.erase(0, end + 1);
    }
    EXPECT_EQ(text, "") << "a line without its end";
    return out;
  }

  SteppedClock clock;
  std::unique_ptr<Log> log;

 private:
  std::array<int, 2> ends_{};
};

TEST(Log, WritesTextWithTimeLevelAndComponent) {
  LogIntoPipe pipe(LogForm::kText);
  pipe.log->warning("kafka", "broker is away");
  EXPECT_THAT(pipe.lines(), ElementsAre(MatchesRegex("[0-9-]+ [0-9:.]+ warning \\[kafka\\] broker is away")));
}

TEST(Log, ColoursTheLevelOnATerminal) {
  LogIntoPipe pipe(LogForm::kColour);
  pipe.log->error("kafka", "gone");
  EXPECT_THAT(pipe.lines(), ElementsAre(MatchesRegex("[0-9-]+ [0-9:.]+ .\\[31;1merror  .\\[0m \\[kafka\\] gone")));
}

TEST(Log, WritesJsonLines) {
  LogIntoPipe pipe(LogForm::kJson);
  pipe.log->info("sensors", "said \"hi\\\"\n");
  const std::vector<std::string> lines = pipe.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("{\"time\":\"20")) << lines[0];
  EXPECT_TRUE(
      lines[0].ends_with("Z\",\"level\":\"info\",\"component\":\"sensors\",\"message\":\"said \\\"hi\\\\\\\"\\n\"}"))
      << lines[0];
}

TEST(Log, WritesSyslogNumbersForJournald) {
  LogIntoPipe pipe(LogForm::kJournald);
  pipe.log->debug("a", "1");
  pipe.log->info("a", "2");
  pipe.log->warning("a", "3");
  pipe.log->error("a", "4");
  EXPECT_THAT(pipe.lines(), ElementsAre("<7>a: 1", "<6>a: 2", "<4>a: 3", "<3>a: 4"));
}

TEST(Log, LeavesOutLessImportantLevels) {
  LogIntoPipe pipe(LogForm::kJournald, LogLevel::kWarning);
  pipe.log->info("a", "left out");
  pipe.log->warning("a", "kept");
  EXPECT_THAT(pipe.lines(), ElementsAre("<4>a: kept"));
}

TEST(Log, KeepsAForgedLineInsideItsOwn) {
  LogIntoPipe pipe(LogForm::kJournald);
  pipe.log->info("a", "x\n<3>b: forged\x1b[2J\x7f\xc2\x9b\xff");
  EXPECT_THAT(pipe.lines(), ElementsAre("<6>a: x\\n<3>b: forged\\x1b[2J\\x7f\\x9b\\xff"));
}

TEST(Log, CutsLongTexts) {
  LogIntoPipe pipe(LogForm::kJournald);
  pipe.log->info("a", std::string(20'000, 'x'));
  EXPECT_THAT(pipe.lines(), ElementsAre("<6>a: " + std::string(8192, 'x') + "…"));
}

TEST(Log, LimitsAMessageThatRepeatsAndSaysHowManyMoreThereWere) {
  LogIntoPipe pipe(LogForm::kJournald, LogLevel::kDebug, 2);
  for (int i = 0; i < 5; ++i) pipe.log->info("a", "lag " + std::to_string(i * 100));
  pipe.log->info("a", "another");
  pipe.log->info("b", "lag 1");
  EXPECT_THAT(pipe.lines(), ElementsAre("<6>a: lag 0", "<6>a: lag 100", "<6>a: another", "<6>b: lag 1"));

  pipe.clock.now_us += 10'000'000;
  pipe.log->info("b", "something else");
  EXPECT_THAT(pipe.lines(), ElementsAre("<6>a: 3 more suppressed like: lag 200", "<6>b: something else"));
  pipe.log->info("a", "lag 7");
  EXPECT_THAT(pipe.lines(), ElementsAre("<6>a: lag 7"));
}

TEST(Log, SaysAtItsEndWhatItHeldBack) {
  LogIntoPipe pipe(LogForm::kJournald, LogLevel::kDebug, 1);
  pipe.log->info("a", "x");
  pipe.log->info("a", "x");
  pipe.log.reset();
  EXPECT_THAT(pipe.lines(), ElementsAre("<6>a: x", "<6>a: 1 more suppressed like: x"));
}

TEST(Log, RemembersABoundedNumberOfMessages) {
  LogIntoPipe pipe(LogForm::kJournald, LogLevel::kDebug, 1);
  std::string text = "message ";
  std::size_t lines = 0;
  for (char first = 'a'; first <= 'z'; ++first) {
    for (char second = 'a'; second <= 'z'; ++second) {
      pipe.clock.now_us += 1;
      pipe.log->info("a", text + first + second);
    }
    lines += pipe.lines().size();
  }
  EXPECT_EQ(lines, 26U * 26U);
}

TEST(Log, KeepsLinesOfSeveralThreadsWhole) {
  LogIntoPipe pipe(LogForm::kJournald);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&pipe] {
      for (int j = 0; j < 100; ++j) pipe.log->info("a", "same text");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> lines = pipe.lines();
  EXPECT_EQ(lines.size(), 400U);
  EXPECT_THAT(lines, testing::Each("<6>a: same text"));
}

TEST(LogForm, IsThatOfTheDescriptor) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  struct stat facts {};
  ASSERT_EQ(::fstat(ends[1], &facts), 0);
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(log_form_of(ends[1]), LogForm::kJson);
  ::setenv("JOURNAL_STREAM", (std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino)).c_str(), 1);
  EXPECT_EQ(log_form_of(ends[1]), LogForm::kJournald);
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  EXPECT_EQ(log_form_of(ends[1]), LogForm::kJson);
  ::unsetenv("JOURNAL_STREAM");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(LogForm, IsColouredOnATerminalUnlessToldOtherwise) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "no pseudo terminal here";
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "xterm", 1);
  EXPECT_EQ(log_form_of(terminal), LogForm::kColour);
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(log_form_of(terminal), LogForm::kText);
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "dumb", 1);
  EXPECT_EQ(log_form_of(terminal), LogForm::kText);
  ::close(terminal);
}

TEST(LogText, KeepsValidUtf8AndReplacesBrokenBytes) {
  EXPECT_EQ(escape_for_terminal("grün 中 😀"), "grün 中 😀");
  EXPECT_EQ(escape_for_terminal("\xc3"), "\\xc3");
  EXPECT_EQ(escape_for_terminal("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(escape_for_terminal("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(escape_for_terminal("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(escape_for_json("a\x01\t\xff"), "a\\u0001\\u0009\\ufffd");
}

}  // namespace
}  // namespace sluice::runtime
