#include "console/screen.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>

namespace sluice::console {
namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends.data()), 0); }
  ~Pipe() {
    close_reader();
    close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) close(ends[0]);
    ends[0] = -1;
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  std::string read_some() const {
    std::array<char, 4096> bytes{};
    const ssize_t got = read(ends[0], bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(got < 0 ? 0 : got)};
  }
  std::array<int, 2> ends{-1, -1};
};

TEST(Screen, writes_to_a_pipe_and_knows_that_it_is_no_terminal) {
  const Pipe pipe;
  Screen screen(pipe.ends[1]);

  screen.write("hello\n");

  EXPECT_EQ(pipe.read_some(), "hello\n");
  EXPECT_FALSE(screen.is_terminal());
  EXPECT_EQ(screen.width(), 0U);
}

TEST(Screen, survives_a_reader_that_went_away) {
  Pipe pipe;
  Screen screen(pipe.ends[1]);
  pipe.close_reader();

  screen.write("nobody\n");
  screen.write("reads this\n");

  EXPECT_EQ(screen.take_dropped_bytes(), 18U);
  EXPECT_EQ(screen.take_dropped_bytes(), 0U);
}

TEST(Screen, draws_a_frame_over_the_one_before) {
  const Pipe pipe;
  Screen screen(pipe.ends[1]);
  screen.draw({"one", "two"});
  pipe.read_some();

  screen.draw({"three"});

  EXPECT_EQ(pipe.read_some(), "\x1b[2A\rthree\x1b[K\n\x1b[J");
}

TEST(Screen, knows_the_size_of_a_terminal) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) GTEST_SKIP() << "no pseudo terminals here";
  const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  const winsize size{30, 100, 0, 0};
  ASSERT_EQ(ioctl(terminal, TIOCSWINSZ, &size), 0);

  const Screen screen(terminal);

  EXPECT_TRUE(screen.is_terminal());
  EXPECT_EQ(screen.width(), 100U);
  EXPECT_EQ(screen.height(), 30U);
  close(terminal);
  close(master);
}

}  // namespace
}  // namespace sluice::console
