/// \file
/// Winsock start-up and the listening socket: what every server does before its I/O model begins.
#pragma once

#include "common/handle.hpp"

#include <cstdint>
#include <string>

class EventLog;

/// Winsock is ready while one of these lives. Windows counts them: the last one to go cleans up.
/// See https://learn.microsoft.com/windows/win32/api/winsock/nf-winsock-wsastartup
class WinsockSession {
public:
    /// Asks for Winsock 2.2.
    /// \throws WindowsError if it is not to be had; std::runtime_error if only an older version is.
    WinsockSession();
    /// A copy is one more session.
    WinsockSession(const WinsockSession&) : WinsockSession() {}
    WinsockSession& operator=(const WinsockSession&) = default;
    ~WinsockSession();
};

/// A TCP socket, blocking and overlapped, that no child process inherits.
/// \param family  AF_INET or AF_INET6
/// \throws WindowsError if there is none to be had.
/// See https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasocketw
[[nodiscard]] Socket make_socket(int family);

/// A socket that listens, blocking and overlapped, and that no child process inherits.
/// SO_EXCLUSIVEADDRUSE keeps every other program off this address and port. SO_REUSEADDR is *not* the way to restart
/// quickly: on Windows it lets a second server take the port of a running one.
/// \param port  0 lets Windows choose a free one.
/// \throws WindowsError with the address if the port is taken or the address is not one of this machine.
/// See https://learn.microsoft.com/windows/win32/winsock/using-so-reuseaddr-and-so-exclusiveaddruse
[[nodiscard]] Socket listen_on(const std::string& address, std::uint16_t port);

/// Call this when accept returned INVALID_SOCKET: it decides whose failure that was.
///  - A client that left again before it was accepted: nothing to do.
///  - A shortage of the moment: it is logged, and the thread pauses 100 ms, so that it does not spin.
///  - Anything else means that the listener itself is broken.
/// \throws WindowsError in the last case.
/// See https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-accept
void after_failed_accept(int error, EventLog& log);
