#include <gmock/gmock.h>

#include <map>

#include "config_fixture.hpp"

namespace sluice::config {
namespace {

std::map<std::string, Config> shipped() {
  std::map<std::string, Config> configs;
  LoadOptions options;
  options.environment = [](const char*) -> const char* { return nullptr; };
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_CONFIGS)) {
    if (entry.path().extension() != ".toml") continue;
    Diagnostics diagnostics;
    configs[entry.path().filename().string()] = load(entry.path(), options, diagnostics);
    EXPECT_THAT(texts(diagnostics), testing::IsEmpty()) << entry.path();
  }
  return configs;
}

TEST(ShippedConfigurations, AreValidWithoutAnyEnvironment) { EXPECT_FALSE(shipped().empty()); }

TEST(ShippedConfigurations, TheInstalledOneStatesTheDefaults) {
  const Loaded defaults("");
  const Config config = shipped().at("sluice.toml");
  EXPECT_EQ(config.gateway.state_dir, defaults.config.gateway.state_dir);
  EXPECT_EQ(config.gateway.memory_limit_bytes, defaults.config.gateway.memory_limit_bytes);
  EXPECT_EQ(config.admin.host, defaults.config.admin.host);
  EXPECT_EQ(config.admin.port, defaults.config.admin.port);
  EXPECT_TRUE(config.kafka.is_embedded);
  EXPECT_TRUE(config.sources.empty());
}

}  // namespace
}  // namespace sluice::config
