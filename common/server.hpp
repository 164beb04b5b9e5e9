/// \file
/// All that a server takes from common/, in one line: what no stage teaches.
#pragma once

// IWYU pragma: begin_exports
#include "common/error.hpp"
#include "common/event_log.hpp"
#include "common/handle.hpp"
#include "common/program.hpp"
#include "common/stop_signal.hpp"
#include "common/windows.hpp"
#include "common/winsock.hpp"

#include <cstddef>
#include <utility>
// IWYU pragma: end_exports
