#include <gmock/gmock.h>

#include "config_fixture.hpp"

namespace sluice::config {
namespace {

TEST(ShippedConfiguration, IsValidAndStatesTheDefaults) {
  const Loaded defaults("");
  LoadOptions options;
  options.environment = [](const char*) -> const char* { return nullptr; };
  Diagnostics diagnostics;
  const Config config = load(SLUICE_SHIPPED_CONFIG, options, diagnostics);

  ASSERT_THAT(texts(diagnostics), testing::IsEmpty());
  EXPECT_EQ(config.gateway.state_dir, defaults.config.gateway.state_dir);
  EXPECT_EQ(config.gateway.plugin_path, defaults.config.gateway.plugin_path);
  EXPECT_EQ(config.gateway.memory_limit_bytes, defaults.config.gateway.memory_limit_bytes);
  EXPECT_EQ(config.admin.host, defaults.config.admin.host);
  EXPECT_TRUE(config.kafka.is_embedded);
  EXPECT_TRUE(config.sources.empty());
}

}  // namespace
}  // namespace sluice::config
