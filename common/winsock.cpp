#include "common/winsock.hpp"

#include "common/address.hpp"
#include "common/error.hpp"
#include "common/event_log.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

WinsockSession::WinsockSession() {
    // This call returns its error. WSAGetLastError belongs to the library that it has not loaded then.
    constexpr WORD wanted = MAKEWORD(2, 2);
    WSADATA details;
    if (const int error = ::WSAStartup(wanted, &details); error != 0)
        throw WindowsError("WSAStartup", error);
    if (details.wVersion != wanted) { // the destructor does not run for an object whose constructor throws
        ::WSACleanup();
        throw std::runtime_error("Winsock 2.2 is not on this machine");
    }
}

WinsockSession::~WinsockSession() {
    ::WSACleanup();
}

Socket make_socket(int family) {
    Socket socket(
        ::WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
    if (!socket)
        throw WindowsError("making a socket", ::WSAGetLastError());
    return socket;
}

//! [listen_on]
Socket listen_on(const std::string& address, std::uint16_t port) {
    const Address name = to_address(address, port);
    const std::string where = to_text(name);

    Socket listener = make_socket(name.family());
    const BOOL exclusive = TRUE;
    if (::setsockopt(listener.get(), SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&exclusive),
            sizeof exclusive) == SOCKET_ERROR)
        throw WindowsError("asking for " + where + " alone", ::WSAGetLastError());
    const DWORD only = FALSE; // :: takes clients of both families
    if (name.family() == AF_INET6 && ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY,
                                         reinterpret_cast<const char*>(&only), sizeof only) == SOCKET_ERROR)
        throw WindowsError("asking for both families", ::WSAGetLastError());
    if (::bind(listener.get(), name.name(), name.size) == SOCKET_ERROR)
        throw WindowsError("bind to " + where, ::WSAGetLastError());
    if (::listen(listener.get(), SOMAXCONN) == SOCKET_ERROR)
        throw WindowsError("listen on " + where, ::WSAGetLastError());
    return listener;
}
//! [listen_on]

void after_failed_accept(int error, EventLog& log) {
    switch (error) {
    case WSAEWOULDBLOCK:  // a non-blocking listener, and nobody is there any more
    case WSAECONNRESET:   // the client has left again
    case WSAECONNABORTED: // the same, in the words of other systems
        return;
    case WSAEMFILE:
    case WSAENOBUFS:
    case WSAEINTR:
        log.problem("accept", error);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        return;
    default:
        throw WindowsError("accept", error);
    }
}
