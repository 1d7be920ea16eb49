#pragma once

#include <memory>

#include "core/ports.hpp"
#include "plugin/loader.hpp"

namespace sluice::plugin {

struct Description;

/// What LoadedPlugin::create_source and create_consumer do once the arguments fit.
Result<std::unique_ptr<SourceInstance>> make_source(std::shared_ptr<const Description> description, CreateArgs args,
                                                    InstanceHost& host);
Result<std::unique_ptr<ConsumerInstance>> make_consumer(std::shared_ptr<const Description> description, CreateArgs args,
                                                        InstanceHost& host);

}  // namespace sluice::plugin
