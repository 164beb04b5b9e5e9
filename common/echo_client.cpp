#include "common/echo_client.hpp"

#include "common/address.hpp"
#include "common/error.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace {

std::string within(EchoClient::milliseconds limit) {
    return " within " + std::to_string(limit.count()) + " ms";
}

// Which of these things has happened to the socket? select waits for any of them, at most `limit`.
struct Readiness {
    bool readable = false;
    bool writable = false;
    bool failed = false; // a connect that failed shows only here on Windows
};

// A set that is given to select must hold a socket.
fd_set* if_any(fd_set& set) {
    return set.fd_count > 0 ? &set : nullptr;
}

Readiness wait_for(SOCKET socket, bool to_read, bool to_write, EchoClient::milliseconds limit) {
    fd_set readable{};
    fd_set writable{};
    fd_set failed{};
    if (to_read)
        FD_SET(socket, &readable);
    if (to_write)
        FD_SET(socket, &writable);
    FD_SET(socket, &failed);
    const auto count = limit.count();
    timeval wait{static_cast<long>(count / 1000), static_cast<long>(count % 1000 * 1000)};
    if (::select(0, if_any(readable), if_any(writable), &failed, count < 0 ? nullptr : &wait) == SOCKET_ERROR)
        throw WindowsError("select", ::WSAGetLastError());
    return {readable.fd_count > 0, writable.fd_count > 0, failed.fd_count > 0};
}

Socket non_blocking_socket(int family) {
    Socket socket = make_socket(family);
    u_long non_blocking = 1;
    if (::ioctlsocket(socket.get(), static_cast<long>(FIONBIO), &non_blocking) == SOCKET_ERROR)
        throw WindowsError("making a socket", ::WSAGetLastError());
    return socket;
}

// Gives 0, or the error.
int try_to_connect(SOCKET socket, const Address& server, EchoClient::milliseconds limit) {
    if (::connect(socket, server.name(), server.size) == 0)
        return 0;
    if (const int error = ::WSAGetLastError(); error != WSAEWOULDBLOCK)
        return error;
    const Readiness connection = wait_for(socket, false, true, limit);
    if (connection.writable)
        return 0;
    if (!connection.failed)
        return WSAETIMEDOUT;
    int error = 0;
    int size = sizeof error;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &size) == SOCKET_ERROR)
        error = ::WSAGetLastError();
    return error;
}

} // namespace

EchoClient::EchoClient(std::uint16_t port, const std::string& address, milliseconds limit) {
    const Address server = to_address(address, port);
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        socket_ = non_blocking_socket(server.family()); // one that has failed to connect is of no use any more
        const int error = try_to_connect(socket_.get(), server, limit);
        if (error == 0)
            return;
        // After thousands of connections in a short time every port of this machine may be taken by one that has just
        // ended (TIME_WAIT). Ports come free again all the time, so this client waits for one.
        if (error != WSAEADDRINUSE || std::chrono::steady_clock::now() >= deadline)
            throw WindowsError("connecting to " + to_text(server), error);
        std::this_thread::sleep_for(milliseconds(100));
    }
}

std::size_t EchoClient::send_now(std::string_view bytes) {
    // Windows takes all that one call offers, or nothing: 64 MiB at once would be copied into its memory, however slow
    // the other side reads. So one call never offers more than this.
    const int length = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20));
    const int sent = ::send(socket_.get(), bytes.data(), length, 0);
    if (sent != SOCKET_ERROR)
        return static_cast<std::size_t>(sent);
    if (const int error = ::WSAGetLastError(); error != WSAEWOULDBLOCK)
        throw WindowsError("send", error);
    return 0;
}

std::size_t EchoClient::send_what_fits(std::string_view bytes, milliseconds limit) {
    std::size_t sent = 0;
    while (sent < bytes.size() && wait_for(socket_.get(), false, true, limit).writable)
        sent += send_now(bytes.substr(sent));
    return sent;
}

void EchoClient::send(std::string_view bytes, milliseconds limit) {
    const std::size_t sent = send_what_fits(bytes, limit);
    if (sent < bytes.size())
        throw std::runtime_error("expected the server to take " + std::to_string(bytes.size()) + " bytes, it took " +
                                 std::to_string(sent) + " and then none" + within(limit));
}

std::string EchoClient::receive_some(milliseconds limit) {
    for (;;) {
        if (!wait_for(socket_.get(), true, false, limit).readable)
            throw std::runtime_error("expected bytes or the end of the stream, nothing came" + within(limit));
        std::string bytes(65'536, '\0');
        const int received = ::recv(socket_.get(), bytes.data(), static_cast<int>(bytes.size()), 0);
        if (received != SOCKET_ERROR) {
            bytes.resize(static_cast<std::size_t>(received));
            return bytes;
        }
        if (const int error = ::WSAGetLastError(); error != WSAEWOULDBLOCK)
            throw WindowsError("receive", error);
    }
}

std::string EchoClient::receive(std::size_t count, milliseconds limit) {
    std::string bytes(count, '\0');
    std::size_t got = 0;
    const auto but_came = [&](const std::string& what) {
        const std::string start = got > 0 ? " (" + bytes.substr(0, std::min<std::size_t>(got, 60)) + ')' : "";
        return std::runtime_error(
            "expected " + std::to_string(count) + " bytes, got " + std::to_string(got) + start + " and then " + what);
    };
    while (got < count) {
        if (!wait_for(socket_.get(), true, false, limit).readable)
            throw but_came("nothing more" + within(limit));
        const std::size_t room = std::min<std::size_t>(count - got, 1 << 20);
        const int received = ::recv(socket_.get(), bytes.data() + got, static_cast<int>(room), 0);
        if (received == 0)
            throw but_came("the end of the stream");
        if (received != SOCKET_ERROR)
            got += static_cast<std::size_t>(received);
        else if (const int error = ::WSAGetLastError(); error != WSAEWOULDBLOCK)
            throw but_came(error_text(error));
    }
    return bytes;
}

std::string EchoClient::echo(std::string_view payload, milliseconds limit) {
    std::string answer;
    answer.reserve(payload.size());
    std::size_t sent = 0;
    while (answer.size() < payload.size()) {
        const Readiness now = wait_for(socket_.get(), true, sent < payload.size(), limit);
        if (now.writable)
            sent += send_now(payload.substr(sent));
        if (now.readable) {
            const std::string bytes = receive_some(milliseconds{0});
            if (bytes.empty())
                throw std::runtime_error("expected " + std::to_string(payload.size()) + " bytes, got " +
                                         std::to_string(answer.size()) + " and then the end of the stream");
            answer += bytes;
        }
        if (!now.writable && !now.readable)
            throw std::runtime_error("expected " + std::to_string(payload.size()) + " bytes, sent " +
                                     std::to_string(sent) + ", got " + std::to_string(answer.size()) +
                                     " and then nothing moved" + within(limit));
    }
    return answer;
}

void EchoClient::half_close() {
    if (::shutdown(socket_.get(), SD_SEND) == SOCKET_ERROR)
        throw WindowsError("half-close", ::WSAGetLastError());
}

bool EchoClient::hears_the_end(milliseconds limit) {
    return receive_some(limit).empty();
}

bool EchoClient::hears_something_within(milliseconds limit) const {
    return wait_for(socket_.get(), true, false, limit).readable;
}

void EchoClient::vanish() {
    // Lingering for zero seconds makes closesocket drop everything and send a reset.
    const linger at_once{1, 0};
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&at_once), sizeof at_once) ==
        SOCKET_ERROR)
        throw WindowsError("asking for a reset", ::WSAGetLastError());
    hang_up();
}
