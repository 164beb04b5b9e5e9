// Stage 2: ask which sockets are ready, then act.
//
// Stage 1 waited inside recv, so it could wait for one client only. Here no socket ever makes the thread wait. One
// call, select, waits for all of them together and says which are ready: ready to be read, or ready to be written to.
//
//   kept       accept, recv, send, and one thread
//   replaced   blocking sockets: a call that cannot work at once now fails with WSAEWOULDBLOCK
//   new here   select and its sets; a Client remembers what it still has to send
//   the price  64 clients, and each call copies and searches the whole list
//   run it     02_select --port 5150
//   check it   ctest -R 02_select
#include "common/server.hpp"

#include <array>
#include <memory>
#include <span>
#include <vector>

namespace {

constexpr int buffer_size = 8192;

//! [client]
// A client either waits to be read (unsent is empty) or waits to be written to (unsent is the rest of its echo). It
// is not read again before all is sent. So one that never reads its echo fills one buffer, and no more.
struct Client {
    explicit Client(Socket accepted) : socket(std::move(accepted)) {}

    Socket socket;
    std::array<char, buffer_size> buffer;
    std::span<const char> unsent; // a part of buffer
};
using Clients = std::vector<std::unique_ptr<Client>>; // unsent points into buffer, so a Client must never move
//! [client]

//! [send_rest]
// A non-blocking send takes what there is room for, which may be less than all. Now and then it takes nothing, and
// says WSAEWOULDBLOCK: no failure, only "not now". The rest waits until select reports the socket as writable.
Ended send_rest(Client& client, EventLog& log) {
    const int sent = ::send(client.socket.get(), client.unsent.data(), static_cast<int>(client.unsent.size()), 0);
    if (sent == SOCKET_ERROR) {
        const int error = ::WSAGetLastError();
        return error == WSAEWOULDBLOCK ? still_here : Ended(error);
    }
    log.sent(client.socket.get(), static_cast<std::size_t>(sent));
    client.unsent = client.unsent.subspan(static_cast<std::size_t>(sent));
    return still_here;
}
//! [send_rest]

//! [receive]
// select said "readable". That was true then; it is a hint now, so WSAEWOULDBLOCK is expected here too.
Ended receive(Client& client, EventLog& log) {
    const int received = ::recv(client.socket.get(), client.buffer.data(), buffer_size, 0);
    if (received == 0)
        return goodbye;
    if (received == SOCKET_ERROR) {
        const int error = ::WSAGetLastError();
        return error == WSAEWOULDBLOCK ? still_here : Ended(error);
    }
    log.received(client.socket.get(), static_cast<std::size_t>(received));
    client.unsent = std::span(client.buffer).first(static_cast<std::size_t>(received));
    return send_rest(client, log); // almost always there is room at once
}
//! [receive]

//! [accept_client]
void make_non_blocking(SOCKET socket) {
    u_long on = 1;
    if (::ioctlsocket(socket, static_cast<long>(FIONBIO), &on) == SOCKET_ERROR)
        throw WindowsError("making a socket non-blocking", ::WSAGetLastError());
}

// An accepted socket is non-blocking because its listener is: it starts with the listener's properties.
void accept_client(SOCKET listener, Clients& clients, EventLog& log) {
    Socket accepted(::accept(listener, nullptr, nullptr));
    if (!accepted)
        return after_failed_accept(::WSAGetLastError(), log);
    log.opened(accepted.get());
    clients.push_back(std::make_unique<Client>(std::move(accepted)));
}
//! [accept_client]

//! [wait_until_ready]
fd_set* if_any(fd_set& set) {
    return set.fd_count > 0 ? &set : nullptr; // a set that is given to select must hold a socket
}

// select overwrites the sets with what is ready, so they are filled anew for each call. A set is an array of 64
// sockets, and FD_SET on a full one does nothing and says nothing. So the listener is asked for only while there is
// room; the next client then waits in the backlog until one leaves. A socket is in the write set only while it has
// something to send: an idle socket is always writable, and select would return at once, for ever.
void wait_until_ready(SOCKET listener, const Clients& clients, fd_set& readable, fd_set& writable) {
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    for (const auto& client : clients)
        FD_SET(client->socket.get(), client->unsent.empty() ? &readable : &writable);
    if (clients.size() < FD_SETSIZE)
        FD_SET(listener, &readable);
    timeval a_moment{0, 250'000}; // microseconds: nothing but a socket can wake select, so look up for the stop
    if (::select(0, if_any(readable), if_any(writable), nullptr, &a_moment) == SOCKET_ERROR)
        throw WindowsError("select", ::WSAGetLastError());
}
//! [wait_until_ready]

//! [serve]
void serve(SOCKET listener, const StopSignal& stop, EventLog& log) {
    Clients clients;
    fd_set readable;
    fd_set writable;
    while (!stop.requested()) {
        wait_until_ready(listener, clients, readable, writable);
        std::erase_if(clients, [&](const std::unique_ptr<Client>& client) {
            const SOCKET socket = client->socket.get();
            const Ended ended = FD_ISSET(socket, &readable)   ? receive(*client, log)
                                : FD_ISSET(socket, &writable) ? send_rest(*client, log)
                                                              : still_here;
            if (ended)
                log.closing(socket, *ended);
            return ended.has_value();
        });
        if (FD_ISSET(listener, &readable))
            accept_client(listener, clients, log);
    }
    log.stopping();
}
//! [serve]

} // namespace

int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        const ServerOptions options = read_server_options(argc, argv, "Echo server, stage 2: one thread and select.");
        const StopSignal stop;
        const WinsockSession winsock;
        const Socket listener = listen_on(options.address, options.port);
        make_non_blocking(listener.get());
        EventLog log(options.verbose);
        log.listening(listener.get());
        serve(listener.get(), stop, log);
    });
}
