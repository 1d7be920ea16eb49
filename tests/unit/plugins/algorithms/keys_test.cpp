#include "sluice/keys.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sluice/random.hpp"

namespace {

using namespace sluice;

TEST(KeyIds, NumbersKeysFromZeroAndKnowsThemAgain) {
  KeyIds ids;
  EXPECT_EQ(ids.find("a"), KeyIds::kNone);
  EXPECT_EQ(ids.add("a"), (std::pair<KeyIds::Id, bool>{0, true}));
  EXPECT_EQ(ids.add("b"), (std::pair<KeyIds::Id, bool>{1, true}));
  EXPECT_EQ(ids.add("a"), (std::pair<KeyIds::Id, bool>{0, false}));
  EXPECT_EQ(ids.key(1), "b");
}

TEST(KeyIds, BehavesLikeAMapWhileKeysComeAndGo) {
  Rng rng(31);
  KeyIds ids;
  std::map<std::string, KeyIds::Id> model;
  for (int step = 0; step < 200'000; ++step) {
    const std::string key = "device_" + std::to_string(rng.below(500));
    const auto known = model.find(key);
    if (rng.chance(0.45) && known != model.end()) {
      ids.erase(known->second);
      model.erase(known);
    } else {
      const auto [id, is_new] = ids.add(key);
      ASSERT_EQ(is_new, known == model.end());
      ASSERT_TRUE(is_new || id == known->second);
      model[key] = id;
    }
    ASSERT_EQ(ids.size(), model.size());
    ASSERT_LE(ids.id_limit(), 500U);
  }
  for (int i = 0; i < 500; ++i) {
    const std::string key = "device_" + std::to_string(i);
    const auto known = model.find(key);
    EXPECT_EQ(ids.find(key), known == model.end() ? KeyIds::kNone : known->second);
  }
}

}  // namespace
