// Stage 3: start the operation first, and be told when it is finished.
//
// Stage 2 asked "is this socket ready?" and then did the work itself. Here the work is given away: WSARecv is called
// before there is anything to receive, returns at once, and Windows fills the buffer later. An event says when.
//
//   kept       one thread, one wait for all, and what a Client remembers
//   replaced   readiness (select, recv, send) by completion (WSARecv, WSASend, one event per client)
//   new here   OVERLAPPED; memory that Windows writes to while we do other things
//   the price  64 handles in one wait, and one thread does all
//   run it     03_overlapped_events --port 5150
//   check it   ctest -R 03_overlapped_events
#include "common/server.hpp"

#include <array>
#include <memory>
#include <span>
#include <vector>

namespace {

constexpr int buffer_size = 8192;
// One wait takes 64 handles. One of them is the stop; the listener is left out of a wait when all others are clients.
constexpr std::size_t max_clients = WSA_MAXIMUM_WAIT_EVENTS - 1;

//! [client]
// While an operation is in flight, Windows owns the OVERLAPPED and the bytes: it writes to them when it likes. So a
// Client never moves, and it is not destroyed before Windows has let go of it.
struct Client : OVERLAPPED {
    Client(Socket accepted, Event event) : OVERLAPPED{}, socket(std::move(accepted)), finished(std::move(event)) {
        hEvent = finished.get(); // starting an operation resets it, the end of the operation sets it
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    //! [client]
    //! [end_of_client]
    ~Client() {
        if (!in_flight)
            return;
        // Only a server that ends comes here. Cancelling is a request, and fails if the operation has just finished.
        // Either way the second call waits until Windows has let go; how the operation ended is of no interest now.
        DWORD bytes = 0;
        DWORD flags = 0;
        ::CancelIoEx(reinterpret_cast<HANDLE>(socket.get()), this);
        ::WSAGetOverlappedResult(socket.get(), this, &bytes, TRUE, &flags);
    }
    //! [end_of_client]

    //! [members_of_client]
    Socket socket;
    Event finished;
    std::array<char, buffer_size> buffer;
    std::span<char> unsent; // empty: a receive is in flight; else a send of these bytes
    bool in_flight = false;
};
using Clients = std::vector<std::unique_ptr<Client>>;
//! [members_of_client]

//! [started]
// Three outcomes. Zero: already finished, and the event is set all the same. WSA_IO_PENDING: the event will be set.
// Anything else: the operation never started, and no event will come. The first two are one case for us.
Ended started(Client& client, int result) {
    if (result == SOCKET_ERROR && ::WSAGetLastError() != WSA_IO_PENDING)
        return ::WSAGetLastError();
    client.in_flight = true;
    return still_here;
}
//! [started]

//! [start_receive]
// The WSABUF may be a local variable: Windows copies it before the call returns. The bytes it points to may not.
Ended start_receive(Client& client) {
    WSABUF whole{buffer_size, client.buffer.data()};
    DWORD flags = 0;
    return started(client, ::WSARecv(client.socket.get(), &whole, 1, nullptr, &flags, &client, nullptr));
}

Ended start_send(Client& client) {
    WSABUF rest{static_cast<ULONG>(client.unsent.size()), client.unsent.data()};
    return started(client, ::WSASend(client.socket.get(), &rest, 1, nullptr, 0, &client, nullptr));
}
//! [start_receive]

//! [advance]
// One operation of this client has finished. What was it, how did it end, and which comes next?
Ended advance(Client& client, EventLog& log) {
    DWORD bytes = 0;
    DWORD flags = 0;
    client.in_flight = false; // the event is set: Windows has let go
    if (!::WSAGetOverlappedResult(client.socket.get(), &client, &bytes, FALSE, &flags))
        return ::WSAGetLastError();
    if (client.unsent.empty()) {
        if (bytes == 0)
            return goodbye;
        log.received(client.socket.get(), bytes);
        client.unsent = std::span(client.buffer).first(bytes);
    } else {
        log.sent(client.socket.get(), bytes);
        client.unsent = client.unsent.subspan(bytes); // a finished send has sent all; nobody promises it in writing
    }
    return client.unsent.empty() ? start_receive(client) : start_send(client);
}
//! [advance]

//! [accept_client]
void accept_client(SOCKET listener, WSAEVENT knock, Clients& clients, std::vector<WSAEVENT>& events, EventLog& log) {
    WSANETWORKEVENTS happened;
    if (::WSAEnumNetworkEvents(listener, knock, &happened) == SOCKET_ERROR) // resets the event as it reads it
        throw WindowsError("WSAEnumNetworkEvents", ::WSAGetLastError());
    Socket accepted(::accept(listener, nullptr, nullptr)); // if one more waits, this sets the event again
    if (!accepted)
        return after_failed_accept(::WSAGetLastError(), log);
    Event finished(::WSACreateEvent());
    if (!finished)
        return log.problem("WSACreateEvent", ::WSAGetLastError()); // this client is turned away, the others stay
    log.opened(accepted.get());
    auto client = std::make_unique<Client>(std::move(accepted), std::move(finished));
    if (const Ended ended = start_receive(*client))
        return log.closing(client->socket.get(), *ended);
    events.push_back(client->finished.get());
    clients.push_back(std::move(client));
}
//! [accept_client]

//! [serve_finished]
bool is_set(WSAEVENT event) {
    return ::WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE) == WSA_WAIT_EVENT_0;
}

// The wait names the lowest event that is set. Those behind it get their turn too, or a busy client at the front would
// starve them. Backwards, because a client that leaves goes out of both lists, at the same place.
void serve_finished(Clients& clients, std::vector<WSAEVENT>& events, EventLog& log) {
    for (std::size_t i = clients.size(); i-- > 0;) {
        if (!is_set(events[i + 2]))
            continue;
        if (const Ended ended = advance(*clients[i], log)) {
            log.closing(clients[i]->socket.get(), *ended);
            clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
            events.erase(events.begin() + static_cast<std::ptrdiff_t>(i + 2));
        }
    }
}
//! [serve_finished]

//! [serve]
void serve(SOCKET listener, const StopSignal& stop, EventLog& log) {
    const Event knock(::WSACreateEvent());
    if (!knock || ::WSAEventSelect(listener, knock.get(), FD_ACCEPT) == SOCKET_ERROR)
        throw WindowsError("waiting for clients", ::WSAGetLastError());

    Clients clients;
    std::vector<WSAEVENT> events{knock.get(), stop.event()}; // clients[i] has events[i + 2]
    while (!stop.requested()) {
        const bool full = clients.size() == max_clients;
        const std::span<WSAEVENT> awaited = std::span(events).subspan(full ? 1 : 0); // full: do not hear the knock
        if (::WSAWaitForMultipleEvents(
                static_cast<DWORD>(awaited.size()), awaited.data(), FALSE, WSA_INFINITE, FALSE) == WSA_WAIT_FAILED)
            throw WindowsError("WSAWaitForMultipleEvents", ::WSAGetLastError());
        serve_finished(clients, events, log);
        if (!full && is_set(knock.get()))
            accept_client(listener, knock.get(), clients, events, log);
    }
    log.stopping();
}
//! [serve]

} // namespace

int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        const ServerOptions options =
            read_server_options(argc, argv, "Echo server, stage 3: overlapped operations, an event for each.");
        const StopSignal stop;
        const WinsockSession winsock;
        const Socket listener = listen_on(options.address, options.port);
        EventLog log(options.verbose);
        log.listening(listener.get());
        serve(listener.get(), stop, log);
    });
}
