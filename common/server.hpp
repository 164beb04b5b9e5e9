/// \file
/// All that a server takes from common/, in one line: what no stage teaches.
#pragma once

#include "common/error.hpp"
#include "common/event_log.hpp"
#include "common/handle.hpp"
#include "common/program.hpp"
#include "common/stop_signal.hpp"
#include "common/winsock.hpp"
