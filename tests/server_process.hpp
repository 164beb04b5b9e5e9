/// \file
/// Starts an echo server program, watches what it prints, and stops it.
#pragma once

#include "common/echo_client.hpp"
#include "common/handle.hpp"
#include "common/windows.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

/// Everything that a program prints to one of its streams, gathered by a thread of its own.
class Transcript {
public:
    /// Makes the pipe.
    /// \throws WindowsError if there is none.
    Transcript();
    Transcript(const Transcript&) = delete;
    Transcript& operator=(const Transcript&) = delete;
    ~Transcript() { read_on(); }
    /// The end that the program writes to, inheritable.
    [[nodiscard]] HANDLE write_end() const noexcept { return write_end_.get(); }
    /// Call this after the program was started: only the program holds the write end now, so its end ends the text.
    void start_reading();
    /// Does as somebody who looks away: what the program prints from now on stays in the pipe, but for one piece.
    void pause();
    /// Looks again.
    void read_on();
    /// Closes the pipe when the next piece comes.
    void leave();
    /// Everything so far, with `\n` at the ends of lines.
    [[nodiscard]] std::string text();
    /// Waits until the text holds `part` `times` times.
    /// \return false if that does not happen within `limit`, or if the program closes the stream first.
    [[nodiscard]] bool shows(const std::string& part, std::chrono::milliseconds limit, std::size_t times = 1);
    /// Waits until the program has closed the stream, and gives its whole text.
    [[nodiscard]] std::string whole_text();

private:
    KernelObject read_end_;
    KernelObject write_end_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string text_;
    bool ended_ = false;
    bool paused_ = false;
    bool leaves_ = false;
    std::jthread reader_; // joined before the members above go
};

/// Where a program gets its console from, for Ctrl+C to be pressed in.
enum class Console { of_the_test, its_own };

/// Presses Ctrl+C (CTRL_C_EVENT) or Ctrl+Break (CTRL_BREAK_EVENT) in the console of another process. This process leaves
/// its own console for that, so do it in a process that does nothing else.
/// \throws WindowsError if that one has no console.
/// See https://learn.microsoft.com/windows/console/generateconsolectrlevent
void press_in_console_of(DWORD process_id, DWORD event);

/// A program that runs until this object ends, at the latest. It inherits nothing but its output streams, so no
/// client of the test lives on in it; and it is in a job, so it ends with the test even if the test crashes.
class ServerProcess {
public:
    using milliseconds = std::chrono::milliseconds;

    /// Starts `program` and returns at once.
    /// \param options  words; a space in one is no end of it.
    /// \throws WindowsError if Windows cannot start it.
    ServerProcess(
        const std::string& program, const std::vector<std::string>& options, Console console = Console::of_the_test);
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;
    /// A server that still runs is asked to stop, and ended if it does not. An end by force is rough on the system: the
    /// server of Wine 8 sometimes keeps the sockets of such a program, and then runs hot.
    ~ServerProcess();

    /// The port that the first line of output names.
    /// \throws std::runtime_error with what the program printed, if that is not `listening on ADDRESS:PORT`.
    [[nodiscard]] std::uint16_t port();
    /// Its process number.
    [[nodiscard]] DWORD id() const noexcept { return id_; }
    /// A new client of this server.
    [[nodiscard]] EchoClient connect() { return EchoClient(port()); }
    /// True as soon as the server has printed `part` that many times.
    [[nodiscard]] bool logs(const std::string& part, std::size_t times = 1);

    /// Sets the server's stop event, as soon as it listens.
    /// \throws WindowsError if there is no such event.
    void ask_to_stop();
    /// Presses a key in the server's own console.
    /// \param event  CTRL_C_EVENT or CTRL_BREAK_EVENT
    void press(DWORD event);
    /// How long the processors have worked for it so far.
    /// See https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-getprocesstimes
    [[nodiscard]] milliseconds processor_time() const;
    /// How many bytes it has for itself alone: what it has asked for, not what it shares with other programs.
    /// See https://learn.microsoft.com/windows/win32/api/psapi/ns-psapi-process_memory_counters_ex
    [[nodiscard]] std::size_t memory() const;
    /// \return nothing if the program still runs after `limit`.
    [[nodiscard]] std::optional<int> exit_code(milliseconds limit = EchoClient::patience);
    /// What it prints to its standard output: who reads that can pause, or leave.
    [[nodiscard]] Transcript& reader() { return out_; }
    /// What it has printed so far.
    [[nodiscard]] std::string output() { return out_.text(); }
    /// All that it has printed; waits for its end.
    [[nodiscard]] std::string whole_output() { return out_.whole_text(); }
    /// All that it has printed to standard error; waits for its end.
    [[nodiscard]] std::string whole_errors() { return err_.whole_text(); }

private:
    [[nodiscard]] bool set_stop_event() const;

    Transcript out_;
    Transcript err_;
    KernelObject job_;
    KernelObject process_;
    DWORD id_ = 0;
};
