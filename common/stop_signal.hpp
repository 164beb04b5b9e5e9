/// \file
/// How a server is asked to stop: Ctrl+C, Ctrl+Break, the console's close button, or an event set by another program.
#pragma once

#include "common/handle.hpp"

#include <string>

/// The name of the event that stops the server with this process number: `Local\echo-server-stop-<id>`.
[[nodiscard]] std::string stop_event_name(DWORD process_id);

/// While one of these lives, a request to stop does not end the process but sets an event.
/// See https://learn.microsoft.com/windows/console/handlerroutine
class StopSignal {
public:
    /// \throws WindowsError if the event cannot be made or the console handler cannot be set.
    StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;
    ~StopSignal();

    /// Set once a stop is requested, and it stays set (manual reset): for a wait for several events.
    [[nodiscard]] HANDLE event() const noexcept { return event_.get(); }
    /// Looks, and does not wait.
    [[nodiscard]] bool requested() const noexcept;
    /// Waits until a stop is requested.
    void wait() const noexcept;

private:
    KernelObject event_;
};
