#pragma once

#include <optional>
#include <string>

#include "config/load.hpp"

namespace sluice::config {

/// Gives `raw` the type of `spec` and checks its bounds. Null, with one error about `what`, when it does not fit.
std::optional<OptionValue> bind_value(const OptionSpec& spec, const RawValue& raw, const std::string& what,
                                      Diagnostics& diagnostics);

/// The default of `spec`, or a value that is not set. The default must be right: see check_option_table.
OptionValue default_value(const OptionSpec& spec);

/// What `spec` takes, for messages: "an integer in 1..1000", "one of json, raw".
std::string expectation(const OptionSpec& spec);

}  // namespace sluice::config
