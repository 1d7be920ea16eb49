#include "sluice/barrier.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

namespace sluice {
namespace {

class Barrier : public ::testing::Test {
 protected:
  [[nodiscard]] std::string text() const { return {error_.data, error_.size}; }
  std::array<char, 16> room_{};
  sluice_error error_{room_.data(), room_.size(), 0};
};

TEST_F(Barrier, PassesTheStatusOfABodyThatDoesNotThrow) {
  EXPECT_EQ(barrier(&error_, [] { return sluice_status{SLUICE_BUSY}; }), SLUICE_BUSY);
  EXPECT_EQ(barrier(&error_, [] {}), SLUICE_OK);
  EXPECT_EQ(text(), "");
}

TEST_F(Barrier, TurnsAnExceptionIntoItsText) {
  EXPECT_EQ(barrier(&error_, [] { throw std::runtime_error("no device"); }), SLUICE_FAILED);
  EXPECT_EQ(text(), "no device");
}

TEST_F(Barrier, CatchesWhatIsNoException) {
  EXPECT_EQ(barrier(&error_, [] { throw 42; }), SLUICE_FAILED);
  EXPECT_EQ(text(), "threw something ");
}

TEST_F(Barrier, CatchesBadAlloc) {
  EXPECT_EQ(barrier(&error_, [] { throw std::bad_alloc(); }), SLUICE_FAILED);
  EXPECT_EQ(text(), "std::bad_alloc");
}

TEST_F(Barrier, CutsTextBetweenCharacters) {
  EXPECT_EQ(barrier(&error_, [] { throw std::runtime_error("123456789012345\xc3\xa4"); }), SLUICE_FAILED);
  EXPECT_EQ(text(), "123456789012345");
}

TEST_F(Barrier, SurvivesACallerWithoutABuffer) {
  EXPECT_EQ(barrier(nullptr, [] { throw std::runtime_error("lost"); }), SLUICE_FAILED);
}

}  // namespace
}  // namespace sluice
