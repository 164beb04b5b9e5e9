// Stage 4: one queue for everything that finishes.
//
// Stage 3 had one event per client, so one wait could hold 63 clients, and one thread did all the waiting. A completion
// port turns that round: Windows puts each finished operation into one queue, and any of several threads takes it out.
//
//   kept       an operation is started now and finishes later; the main thread accepts
//   replaced   the event per client, and the list of clients, by the completion port
//   new here   CreateIoCompletionPort, GetQueuedCompletionStatus, PostQueuedCompletionStatus, a pool of workers
//   the price  stopping is abrupt, accepting needs a thread of its own, silent clients cost memory
//   run it     04_iocp --port 5150
//   check it   ctest -R 04_iocp
#include "common/server.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace {

constexpr int buffer_size = 8192;

//! [connection]
// The per-operation data. Windows is given the address of the OVERLAPPED in it, and gives the same address back.
struct Operation : OVERLAPPED {
    Operation() : OVERLAPPED{} {}

    std::array<char, buffer_size> buffer;
    std::span<char> unsent; // empty: a receive is in flight; else a send of these bytes
};

// The per-handle data. Its address is the completion key: given to Windows once, given back with every operation.
// A connection has one operation in flight, never two. So it has one owner at a time, and needs no lock.
struct Connection {
    explicit Connection(Socket accepted) : socket(std::move(accepted)) {}

    Socket socket;
    Operation operation;
};
//! [connection]

//! [lend]
// A unique_ptr says that a connection is ours. While its operation is in flight it belongs to Windows, and no
// unique_ptr holds it. These two functions are the only way from one state to the other.
Connection& lend(std::unique_ptr<Connection> connection) {
    return *connection.release();
}

std::unique_ptr<Connection> take_back(ULONG_PTR key) {
    return std::unique_ptr<Connection>(reinterpret_cast<Connection*>(key));
}
//! [lend]

//! [close]
void close(std::unique_ptr<Connection> connection, int why, EventLog& log) {
    log.closing(connection->socket.get(), why);
}

// An operation that never started: no packet will come for it, so the connection is ours again.
void close_unless_pending(Connection& lent, EventLog& log) {
    if (const int error = ::WSAGetLastError(); error != WSA_IO_PENDING)
        close(take_back(reinterpret_cast<ULONG_PTR>(&lent)), error, log);
}
//! [close]

//! [start_receive]
// Let go first, then start. As soon as the operation is started, a worker may take its packet out, finish with the
// connection and free it, all before WSARecv has returned here. So nothing of it is touched after the call. Zero from
// WSARecv means "finished at once", but the packet comes all the same: the bytes are handled in one place, there.
void start_receive(std::unique_ptr<Connection> connection, EventLog& log) {
    Connection& lent = lend(std::move(connection));
    WSABUF whole{buffer_size, lent.operation.buffer.data()};
    DWORD flags = 0;
    if (::WSARecv(lent.socket.get(), &whole, 1, nullptr, &flags, &lent.operation, nullptr) == SOCKET_ERROR)
        close_unless_pending(lent, log);
}

void start_send(std::unique_ptr<Connection> connection, EventLog& log) {
    Connection& lent = lend(std::move(connection));
    WSABUF rest{static_cast<ULONG>(lent.operation.unsent.size()), lent.operation.unsent.data()};
    if (::WSASend(lent.socket.get(), &rest, 1, nullptr, 0, &lent.operation, nullptr) == SOCKET_ERROR)
        close_unless_pending(lent, log);
}
//! [start_receive]

//! [advance]
// One operation has finished. What was it, and which comes next? Receive, send until all is sent, receive again.
void advance(std::unique_ptr<Connection> connection, Operation& operation, DWORD bytes, EventLog& log) {
    if (operation.unsent.empty()) {
        if (bytes == 0)
            return close(std::move(connection), goodbye, log);
        log.received(connection->socket.get(), bytes);
        operation.unsent = std::span(operation.buffer).first(bytes);
    } else {
        log.sent(connection->socket.get(), bytes);
        operation.unsent = operation.unsent.subspan(bytes); // all, in practice; nobody promises it in writing
    }
    if (operation.unsent.empty())
        start_receive(std::move(connection), log);
    else
        start_send(std::move(connection), log);
}
//! [advance]

//! [outcome]
enum class Outcome { operation_finished, operation_failed, packet_posted, nothing_taken };

// The return value tells whether the operation went well, the OVERLAPPED whether there was an operation at all.
Outcome outcome_of(BOOL succeeded, const OVERLAPPED* overlapped) {
    if (overlapped != nullptr)
        return succeeded ? Outcome::operation_finished : Outcome::operation_failed;
    return succeeded ? Outcome::packet_posted : Outcome::nothing_taken;
}
//! [outcome]

//! [work]
void work(HANDLE port, EventLog& log) {
    for (;;) {
        DWORD bytes = 0;
        ULONG_PTR key = 0;
        OVERLAPPED* overlapped = nullptr;
        const BOOL succeeded = ::GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE);
        const int error = succeeded ? goodbye : static_cast<int>(::GetLastError());
        switch (outcome_of(succeeded, overlapped)) {
        case Outcome::operation_finished:
            advance(take_back(key), *static_cast<Operation*>(overlapped), bytes, log);
            break;
        case Outcome::operation_failed: // the error of one client: that one ends, this worker goes on
            close(take_back(key), error, log);
            break;
        case Outcome::packet_posted: // by ~Workers: time to leave
            return;
        case Outcome::nothing_taken: // no time limit and an open port: only a broken program comes here
            return log.problem("GetQueuedCompletionStatus", error);
        }
    }
}
//! [work]

//! [workers]
class Workers {
public:
    Workers(unsigned count, HANDLE port, EventLog& log) : Workers(port) {
        while (threads_.size() < count)
            threads_.emplace_back([port, &log] { work(port, log); });
    }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    // One packet makes one worker leave, so post one for each. Then the jthreads are joined.
    ~Workers() {
        for (std::size_t i = 0; i < threads_.size(); ++i)
            while (!::PostQueuedCompletionStatus(port_, 0, 0, nullptr))
                ::Sleep(10); // Windows is short of something: wait for a better moment
    }

private:
    explicit Workers(HANDLE port) : port_(port) {} // done first, so the destructor runs even if a thread cannot start

    HANDLE port_;
    std::vector<std::jthread> threads_;
};
//! [workers]

//! [accept_client]
void accept_client(SOCKET listener, HANDLE port, EventLog& log) {
    Socket accepted(::accept(listener, nullptr, nullptr));
    if (!accepted)
        return after_failed_accept(::WSAGetLastError(), log);
    log.opened(accepted.get());
    auto connection = std::make_unique<Connection>(std::move(accepted));
    const auto key = reinterpret_cast<ULONG_PTR>(connection.get());
    // Its second job: associate this socket with the port.
    if (::CreateIoCompletionPort(reinterpret_cast<HANDLE>(connection->socket.get()), port, key, 0) == nullptr)
        return close(std::move(connection), static_cast<int>(::GetLastError()), log);
    start_receive(std::move(connection), log);
}
//! [accept_client]

//! [serve]
void serve(SOCKET listener, HANDLE port, const StopSignal& stop, EventLog& log) {
    const Event knock(::WSACreateEvent());
    if (!knock || ::WSAEventSelect(listener, knock.get(), FD_ACCEPT) == SOCKET_ERROR)
        throw WindowsError("waiting for clients", ::WSAGetLastError());
    const std::array<WSAEVENT, 2> events{knock.get(), stop.event()};
    while (!stop.requested()) {
        WSANETWORKEVENTS happened;
        if (::WSAWaitForMultipleEvents(2, events.data(), FALSE, WSA_INFINITE, FALSE) == WSA_WAIT_FAILED ||
            ::WSAEnumNetworkEvents(listener, knock.get(), &happened) == SOCKET_ERROR)
            throw WindowsError("waiting for clients", ::WSAGetLastError());
        if (happened.lNetworkEvents & FD_ACCEPT)
            accept_client(listener, port, log);
    }
}
//! [serve]

} // namespace

//! [main]
int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        unsigned workers = 2 * std::max(1U, std::thread::hardware_concurrency());
        const ServerOptions options = read_server_options(argc, argv, "Echo server, stage 4: completion port, workers.",
            {{"--workers", workers, "threads that take completion packets", 1000}});
        const StopSignal stop;
        const WinsockSession winsock;
        const Socket listener = listen_on(options.address, options.port);
        EventLog log(options.verbose);
        const KernelObject port(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0)); // first job: create
        if (!port)
            throw WindowsError("CreateIoCompletionPort", ::GetLastError());
        {
            const Workers pool(workers, port.get(), log);
            log.listening(listener.get());
            serve(listener.get(), port.get(), stop, log);
        }
        log.stopping(); // what is in flight ends with Winsock, its memory with the process
    });
}
//! [main]
