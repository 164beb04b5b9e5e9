/// \file
/// What a watched server and its test share: a piece of memory. In it the test says which call shall fail, and the server
/// says what it holds. A watched server is the same object code as the server, linked with watched_calls.cpp.
#pragma once

#include "common/error.hpp"
#include "common/handle.hpp"
#include "common/windows.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

/// The calls that a test can make fail.
enum class Call {
    none,
    accept, ///< or the packet of an AcceptEx
    recv,
    send,
    WSARecv,
    WSASend,
    WSAGetOverlappedResult,
    WSACreateEvent,
    GetQueuedCompletionStatus, ///< with the packet of any other operation
    CreateIoCompletionPort     ///< for a socket, not for the port itself
};

/// The memory begins as zeros, and each side may come first.
struct Watch {
    std::atomic<Call> fails_next;              ///< becomes `none` when it has failed
    std::atomic<int> error;                    ///< what it fails with
    std::atomic<unsigned> pause;               ///< milliseconds that a thread sleeps after it has started an operation
    std::atomic<unsigned> pause_of_accepts;    ///< the same after AcceptEx
    std::atomic<unsigned> pause_before_cancel; ///< and before it cancels one
    std::atomic<unsigned> late;                ///< milliseconds that an operation comes home later than it has ended
    std::atomic<int> refusals;                 ///< so many large blocks of memory will be refused
    std::atomic<int> left_before;              ///< so many calls of AcceptEx will fail: a client has left
    std::atomic<int> sockets;                  ///< accepted, and not closed yet
    std::atomic<int> events;                   ///< made, and not closed yet
    std::atomic<int> blocks;                   ///< of memory, large enough for a connection or a frame
    std::atomic<bool> freed_in_flight;         ///< memory was given back that Windows had
    std::atomic<bool> broken;                  ///< a rule was broken
    std::array<char, 128> broken_rule;         ///< the first one, in words; complete when `told`
    std::atomic<bool> told;
};

/// The watched program of a server: what_it_is.watched.exe.
[[nodiscard]] inline std::string watched(const std::string& program) {
    const std::size_t extension = program.rfind(".exe");
    return program.substr(0, extension) + ".watched" + program.substr(extension);
}

/// The Watch of a process: the server opens its own, the test that of the server.
class SharedWatch {
public:
    /// \throws WindowsError if there is no memory for it.
    explicit SharedWatch(DWORD process_id) // NOLINT(misc-no-recursion): see watched_calls.cpp
        : memory_(::CreateFileMappingA(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, sizeof(Watch),
              ("Local\\echo-server-watch-" + std::to_string(process_id)).c_str())),
          watch_(static_cast<Watch*>(::MapViewOfFile(memory_.get(), FILE_MAP_WRITE, 0, 0, sizeof(Watch)))) {
        if (!watch_)
            throw WindowsError("sharing memory", static_cast<int>(::GetLastError()));
    }
    Watch* operator->() const { return watch_.get(); }
    /// The first rule that the server has broken, in words; empty if it has kept them all so far.
    [[nodiscard]] std::string broken_rule() const { return watch_->told ? watch_->broken_rule.data() : ""; }

private:
    struct Unmap {
        void operator()(Watch* watch) const { ::UnmapViewOfFile(watch); }
    };
    KernelObject memory_;
    std::unique_ptr<Watch, Unmap> watch_;
};
