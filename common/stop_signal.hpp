/// \file
/// How a server is asked to stop: Ctrl+C, Ctrl+Break, the console's close button, or an event set by another program.
#pragma once

#include "common/handle.hpp"
#include "common/windows.hpp"

#include <chrono>
#include <string>

/// The name of the event that stops the server with this process number: `Local\echo-server-stop-<id>`.
[[nodiscard]] std::string stop_event_name(DWORD process_id);

/// While one of these lives, a request to stop does not end the process but sets an event.
/// See https://learn.microsoft.com/windows/console/handlerroutine
class StopSignal {
public:
    /// \throws WindowsError if the event cannot be made or the console handler cannot be set.
    StopSignal();

    /// Set once a stop is requested, and it stays set (manual reset): for a wait for several events.
    [[nodiscard]] HANDLE event() const noexcept { return event_.get(); }
    /// Looks, and does not wait.
    [[nodiscard]] bool requested() const noexcept;
    /// Waits until a stop is requested.
    void wait() const noexcept;
    /// Waits for a stop, at most so long. True once for each request: the next call hears of the next one.
    [[nodiscard]] bool comes_within(std::chrono::milliseconds limit) noexcept;

    /// The console handler. Windows calls it on a thread of its own; nobody else has to, but for a test.
    /// It is registered once and stays so for the life of the process. SetConsoleCtrlHandler with FALSE would wait for
    /// the lock that Windows holds while a handler runs: and ours runs until the process ends, if the console closes.
    /// \return FALSE if no StopSignal lives: then Windows does what it does without a handler, and ends the process.
    static BOOL WINAPI on_console_event(DWORD what);

private:
    KernelObject event_;
};
