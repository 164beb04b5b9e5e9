// Stage 5: accepting is an operation too, and every operation comes home.
//
// Stage 4 ended in the middle of its work: nobody knew what was in flight, so only the end of the process was safe. Here
// every operation is counted, every connection is in a list, and no memory goes before Windows has given it back.
//
//   kept       the port and its workers; a connection has one owner at a time, and so needs no lock
//   replaced   the thread that accepts, by AcceptEx; the abrupt stop, by an orderly one; a silent client's buffer, by none
//   new here   AcceptEx, SO_UPDATE_ACCEPT_CONTEXT, a receive of no bytes, shutdown, CancelIoEx
//   the price  a conversation is cut into pieces: each new wish is one more state
//   run it     05_acceptex --port 5150
//   check it   ctest -R 05_acceptex
#include "common/accept_ex.hpp"
#include "common/address.hpp"
#include "common/server.hpp"
#include "common/workers.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

constexpr int buffer_size = 8192;
constexpr DWORD address_size = sizeof(sockaddr_storage) + 16; // AcceptEx wants 16 bytes more than an address needs

//! [server]
struct Connection;

struct Server { // what all threads share
    const SOCKET listener;
    const int family; // of the listener's address, and so of its clients'
    const HANDLE port;
    const LPFN_ACCEPTEX accept_ex;
    EventLog& log;
    const unsigned accepts;     // in flight, at most
    const unsigned max_clients; // accepted and in flight together

    std::atomic<int> in_flight = 0;
    std::atomic<bool> stopping = false;
    std::atomic<bool> grace_is_over = false;
    std::atomic<int> goodbyes = 0; // since it is stopping
    std::atomic<int> cut_off = 0;
    std::mutex mutex{}; // for these two:
    std::set<Connection*> connections{};
    unsigned accepting = 0;
};
//! [server]

//! [operation]
// Several accepts are in flight on one listener, and all have its completion key. So it is the OVERLAPPED that leads to what
// has ended: an operation knows its connection, and what follows.
struct Operation : OVERLAPPED {
    using Next = void(std::unique_ptr<Connection>, DWORD bytes, int error);
    Operation(Connection& owner, Next& what_follows) : OVERLAPPED{}, connection(owner), next(what_follows) {}

    Connection& connection;
    Next& next;
};

Operation::Next accepted, waited, sent;
//! [operation]

//! [connection]
// It begins before there is a client, because AcceptEx wants the socket made. Then it waits or sends, never both.
struct Connection {
    Connection(Server& owner, Socket made) : server(owner), socket(std::move(made)) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { // out of the list first: then nobody else knows it
        const std::scoped_lock lock(server.mutex);
        server.connections.erase(this);
    }

    Server& server;
    Socket socket;
    Operation accept{*this, accepted};
    Operation wait{*this, waited}; // a receive of no bytes: it ends when there is something to read
    Operation send{*this, sent};
    std::unique_ptr<std::array<char, buffer_size>> buffer; // only while there is something to send
    std::span<char> unsent;
    std::array<char, std::size_t{2} * address_size> addresses;
    std::atomic<bool> finished = false; // our half is closed: we say nothing more
    std::atomic<unsigned> waits = 0;    // counted, so that the stop sees who is silent
    unsigned waits_seen = 0;            // by the stop
};
//! [connection]

//! [lend]
// Stage 4's only way from ours to Windows' and back. So this is where operations are counted.
Connection& lend(std::unique_ptr<Connection> connection) {
    ++connection->server.in_flight;
    return *connection.release();
}

std::unique_ptr<Connection> take_back(Connection& lent) {
    --lent.server.in_flight;
    return std::unique_ptr<Connection>(&lent);
}
//! [lend]

//! [start_accepts]
// An accept in flight may become a client, so it takes the place of one. False: there are enough, or the machine is
// short of something. True: call again.
bool start_accept(Server& server) {
    std::unique_ptr<Connection> next; // what is left in it goes after the lock is released
    const std::scoped_lock lock(server.mutex);
    if (server.stopping || server.accepting == server.accepts || server.connections.size() >= server.max_clients)
        return false;
    next = std::make_unique<Connection>(server, make_socket(server.family));
    server.connections.insert(next.get());
    ++server.accepting;
    Connection& lent = lend(std::move(next));
    DWORD bytes = 0;
    if (server.accept_ex(server.listener, lent.socket.get(), lent.addresses.data(), 0, address_size, address_size,
            &bytes, &lent.accept) ||
        ::WSAGetLastError() == ERROR_IO_PENDING)
        return true;
    const int error = ::WSAGetLastError(); // and no packet will come
    --server.accepting;
    next = take_back(lent);
    if (error == WSAECONNRESET) // a client has come and left again: to the next one
        return true;
    server.log.problem("AcceptEx", error);
    return false;
}

// Called whenever an accept or a connection ends, and ten times a second, because what could not be had is tried again.
void start_accepts(Server& server) {
    while (start_accept(server)) {
    }
}
//! [start_accepts]

//! [close]
void close(std::unique_ptr<Connection> connection, int why) {
    Server& server = connection->server;
    if (why == ERROR_OPERATION_ABORTED)
        ++server.cut_off; // by the stop, and the log will say so
    else
        server.log.closing(connection->socket.get(), why);
    if (why == goodbye && server.stopping)
        ++server.goodbyes;
    connection.reset();
    start_accepts(server);
}

// An operation that never started: no packet will come for it, so the connection is ours again.
void close_unless_pending(Connection& lent) {
    if (const int error = ::WSAGetLastError(); error != WSA_IO_PENDING)
        close(take_back(lent), error);
}
//! [close]

//! [start_wait]
void start_wait(std::unique_ptr<Connection> connection) {
    connection->buffer.reset();
    ++connection->waits;
    Connection& lent = lend(std::move(connection));
    WSABUF nothing{0, nullptr};
    DWORD flags = 0;
    if (::WSARecv(lent.socket.get(), &nothing, 1, nullptr, &flags, &lent.wait, nullptr) == SOCKET_ERROR)
        close_unless_pending(lent);
}

void start_send(std::unique_ptr<Connection> connection) {
    Connection& lent = lend(std::move(connection));
    WSABUF rest{static_cast<ULONG>(lent.unsent.size()), lent.unsent.data()};
    if (::WSASend(lent.socket.get(), &rest, 1, nullptr, 0, &lent.send, nullptr) == SOCKET_ERROR)
        close_unless_pending(lent);
}
//! [start_wait]

//! [accepted]
void welcome(std::unique_ptr<Connection> connection) {
    const SOCKET socket = connection->socket.get();
    const HANDLE port = connection->server.port;
    u_long on = 1; // for recv: operations do not wait in any case
    connection->server.log.opened(socket);
    if (::ioctlsocket(socket, static_cast<long>(FIONBIO), &on) == SOCKET_ERROR ||
        ::CreateIoCompletionPort(reinterpret_cast<HANDLE>(socket), port, 0, 0) == nullptr)
        return close(std::move(connection), static_cast<int>(::GetLastError()));
    start_wait(std::move(connection));
}

// Until SO_UPDATE_ACCEPT_CONTEXT is set, the socket does not know that it is connected. That fails for a client that has left
// again: it is forgotten. Whatever has happened, the next accept is started, or one would get lost each time.
void accepted(std::unique_ptr<Connection> connection, DWORD, int error) {
    Server& server = connection->server;
    const auto* const listener = reinterpret_cast<const char*>(&server.listener);
    const bool connected = error == 0 && ::setsockopt(connection->socket.get(), SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                             listener, sizeof server.listener) == 0;
    {
        const std::scoped_lock lock(server.mutex);
        --server.accepting; // the last one at the stop has used the listener, so it may be closed
    }
    if (connected)
        welcome(std::move(connection));
    connection.reset(); // if it is still ours
    start_accepts(server);
}
//! [accepted]

//! [waited]
// This client is silent, and the stop has cancelled its wait. It hears that we say nothing more, and may still finish. What it
// sends from now on is read, because to close a socket with unread bytes resets it; but it is not sent back.
void finish(std::unique_ptr<Connection> connection) {
    connection->finished = true;
    ::shutdown(connection->socket.get(), SD_SEND);
    start_wait(std::move(connection));
}

void waited(std::unique_ptr<Connection> connection, DWORD, int error) {
    const bool asked_to_finish = error == ERROR_OPERATION_ABORTED && !connection->server.grace_is_over;
    if (error != 0 && !asked_to_finish)
        return close(std::move(connection), error);
    const SOCKET socket = connection->socket.get();
    connection->buffer = std::make_unique<std::array<char, buffer_size>>();
    const int received = ::recv(socket, connection->buffer->data(), buffer_size, 0);
    if (received == 0)
        return close(std::move(connection), goodbye);
    if (received == SOCKET_ERROR && ::WSAGetLastError() != WSAEWOULDBLOCK)
        return close(std::move(connection), ::WSAGetLastError());
    if (received == SOCKET_ERROR && asked_to_finish && !connection->finished)
        return finish(std::move(connection));
    if (received == SOCKET_ERROR || connection->finished)
        return start_wait(std::move(connection));
    connection->server.log.received(socket, static_cast<std::size_t>(received));
    connection->unsent = std::span(*connection->buffer).first(static_cast<std::size_t>(received));
    start_send(std::move(connection));
}
//! [waited]

//! [sent]
void sent(std::unique_ptr<Connection> connection, DWORD bytes, int error) {
    if (error != 0)
        return close(std::move(connection), error);
    connection->server.log.sent(connection->socket.get(), bytes);
    connection->unsent = connection->unsent.subspan(bytes); // all, in practice; nobody promises it in writing
    if (connection->unsent.empty())
        start_wait(std::move(connection));
    else
        start_send(std::move(connection));
}
//! [sent]

//! [work]
// Whoever needed the memory, or the socket, has ended. The server goes on; and an accept is tried again.
template <class Step> void survive_shortage(EventLog& log, Step step) {
    try {
        step();
    } catch (const std::exception& error) {
        log.problem(error);
    }
}

void work(HANDLE port) {
    for (;;) {
        DWORD bytes = 0;
        ULONG_PTR key = 0; // nobody's: the OVERLAPPED says it all
        OVERLAPPED* overlapped = nullptr;
        const BOOL succeeded = ::GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE);
        int error = succeeded ? 0 : static_cast<int>(::GetLastError());
        if (overlapped == nullptr)
            return; // posted by ~Workers: time to leave
        const auto& operation = *static_cast<Operation*>(overlapped);
        Server& server = operation.connection.server;
        if (server.grace_is_over) // a client that never pauses leaves CancelIoEx nothing to cancel
            error = ERROR_OPERATION_ABORTED;
        survive_shortage(server.log, [&] { operation.next(take_back(operation.connection), bytes, error); });
    }
}
//! [work]

//! [stop]
// A silent client is asked to finish, one that talks is served on; when the time is over, everything is cancelled. A
// connection in the list lives while the lock is held, whoever has it. To cancel is a request that may come a moment too
// early or too late, so this is called again and again.
bool still_there(Server& server, Socket& listener) {
    const std::scoped_lock lock(server.mutex);
    if (server.accepting == 0)
        listener = Socket(); // nobody uses its number any more
    else
        ::CancelIoEx(reinterpret_cast<HANDLE>(listener.get()), nullptr);
    for (Connection* connection : server.connections) {
        auto* const handle = reinterpret_cast<HANDLE>(connection->socket.get());
        const unsigned waits = connection->waits;
        if (server.grace_is_over)
            ::CancelIoEx(handle, nullptr);
        else if (!connection->finished && waits == connection->waits_seen)
            ::CancelIoEx(handle, &connection->wait);
        connection->waits_seen = waits;
    }
    return !server.connections.empty();
}

void stop_orderly(Server& server, Socket listener, std::chrono::seconds grace, StopSignal& stop) {
    {
        const std::scoped_lock lock(server.mutex); // whoever was starting an accept has done it now
        server.stopping = true;
    }
    const auto end = std::chrono::steady_clock::now() + grace;
    while (still_there(server, listener) && !stop.comes_within(50ms))
        server.grace_is_over = std::chrono::steady_clock::now() > end;
}
//! [stop]

} // namespace

//! [main]
int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        unsigned workers = 2 * std::max(1U, std::thread::hardware_concurrency());
        unsigned accepts = 8;
        unsigned max_clients = 1'000'000;
        unsigned grace = 1;
        const ServerOptions options =
            read_server_options(argc, argv, "Echo server, stage 5: AcceptEx, an orderly stop.",
                {{"--workers", workers, "threads that take completion packets", 1000},
                    {"--accepts", accepts, "accepts in flight", 1000},
                    {"--max-clients", max_clients, "clients at a time; the next one waits", max_clients},
                    {"--grace", grace, "seconds that clients have to finish when the server stops", 3600}});
        StopSignal stop;
        const WinsockSession winsock;
        Socket listener = listen_on(options.address, options.port);
        EventLog log(options.verbose);
        const KernelObject port(::CreateIoCompletionPort(reinterpret_cast<HANDLE>(listener.get()), nullptr, 0, 0));
        if (!port) // both jobs in one call: the new port has its first socket
            throw WindowsError("CreateIoCompletionPort", ::GetLastError());
        Server server{listener.get(), address_of(listener.get()).family(), port.get(), accept_ex_of(listener.get()),
            log, accepts, max_clients};
        {
            const Workers pool(workers, port.get(), [&port] { work(port.get()); });
            log.listening(listener.get());
            do
                survive_shortage(log, [&server] { start_accepts(server); });
            while (!stop.comes_within(100ms));
            stop_orderly(server, std::move(listener), std::chrono::seconds(grace), stop);
        }
        log.stopping(std::to_string(server.goodbyes) + " said goodbye, " + std::to_string(server.cut_off) +
                     " cut off, " + std::to_string(server.in_flight) + " operations in flight");
    });
}
//! [main]
