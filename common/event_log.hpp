/// \file
/// What a server prints: one line for each thing that happens, whole and at once, from whichever thread.
#pragma once

#include "common/line_writer.hpp"
#include "common/windows.hpp"

#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <set>
#include <string>

/// Why a connection ended: `goodbye`, or the number of the error that ended it.
/// Empty means that it has not ended: the client is `still_here`.
using Ended = std::optional<int>;
inline constexpr int goodbye = 0;
inline constexpr std::nullopt_t still_here = std::nullopt;

/// Writes the server's events to standard output and remembers which connections are open. No call waits for whoever
/// reads that: serving and stopping must not depend on it. Nor on memory: a line for which there is none is left out.
/// A connection is named by its socket's number. Windows gives a number out again once its socket is closed, so call
/// `closing` while the socket is still open; then no two lines can mean two clients by one number.
class EventLog {
public:
    /// \param verbose  also write a line for each receive and each send.
    explicit EventLog(bool verbose) : verbose_(verbose) {}

    /// `listening on 127.0.0.1:5150`: the first line of every server. Programs wait for it.
    /// \throws WindowsError if the listener has no address.
    void listening(SOCKET listener);
    /// `Socket 132 connected from 127.0.0.1:49822`
    void opened(SOCKET client) noexcept;
    /// `Socket 132 received 5 bytes on thread 36`, if verbose.
    void received(SOCKET client, std::size_t bytes) noexcept;
    /// `Socket 132 sent 5 bytes on thread 36`, if verbose.
    void sent(SOCKET client, std::size_t bytes) noexcept;
    /// `Closing socket 132: goodbye`, or `Closing socket 132: reset, WSAECONNRESET (10054): <the system's text>`;
    /// any other error reads `failed, ...`.
    void closing(SOCKET client, int why) noexcept;
    /// `Closing socket 132: failed, std::bad_alloc`
    void closing(SOCKET client, const std::exception& error) noexcept;
    /// `Closing socket 132: stop` for each connection that is still open: the server is going. Returns when all lines are
    /// written; if nobody reads them, after half a second.
    /// \param how  the last line, if there is something to say: `stopped: 3 said goodbye, ...`
    void stopping(const std::string& how = {});
    /// `accept failed: WSAENOBUFS (10055): <the system's text>`: a failure that the server survives.
    void problem(const char* call, int error) noexcept;
    /// What the exception says.
    void problem(const std::exception& error) noexcept;

private:
    template <class Why> void closed(SOCKET client, Why why) noexcept;
    void moved(SOCKET client, const char* verb, std::size_t bytes) noexcept;

    const bool verbose_;
    std::mutex mutex_; // for open_, and so that its lines come in the same order
    std::set<SOCKET> open_;
    LineWriter lines_;
};
