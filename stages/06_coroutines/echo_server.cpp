// Stage 6: the conversation reads like stage 1 again.
//
// Stage 5 cut a conversation into pieces, one for each packet. A coroutine is a function that can wait without a
// thread: it is left in the middle, and a worker goes on with it when its packet comes. So the loop of stage 1 is back,
// and runs like stage 5.
//
//   kept       the port, its workers, AcceptEx, the receive of no bytes, the orderly stop
//   replaced   a connection's pieces, by one function; what follows, by co_await; the list, by one of operations
//   new here   a coroutine and its frame, an awaiter that is the OVERLAPPED, a deadline for each operation
//   the price  a frame that nobody sees, and that must not go before its packet has come
//   run it     06_coroutines --port 5150
//   check it   ctest -R 06_coroutines
#include "common/accept_ex.hpp"
#include "common/address.hpp"
#include "common/server.hpp"
#include "common/workers.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int buffer_size = 8192;
constexpr DWORD address_size = sizeof(sockaddr_storage) + 16; // AcceptEx wants 16 bytes more than an address needs

//! [server]
struct InFlight;

using Time = std::chrono::steady_clock;
using Limit = std::chrono::milliseconds; // for one operation, which refers to it: the stop shortens two of them

struct Server { // what all threads share
    const SOCKET listener;
    const int family; // of the listener's address, and so of its clients'
    const HANDLE port;
    const LPFN_ACCEPTEX accept_ex;
    EventLog& log;
    const unsigned max_accepts;
    const unsigned max_clients;
    const Limit patience;                             // with a client that takes nothing, or does not end
    Limit silence = patience;                         // of a client
    Limit accept_limit = std::chrono::hours(100'000); // not max(): that many nanoseconds are too many

    std::atomic<unsigned> accepts = 0;       // in flight
    std::atomic<unsigned> conversations = 0; // accepts in flight and clients together
    std::atomic<bool> stopping = false;
    std::atomic<bool> grace_is_over = false;
    std::atomic<int> goodbyes = 0; // since it is stopping
    std::atomic<int> cut_off = 0;
    std::mutex mutex{}; // for the list:
    std::set<InFlight*> in_flight{};
};
//! [server]

//! [place]
// One of a limited number. It is counted as long as this lives.
struct GiveBack {
    void operator()(std::atomic<unsigned>* taken) const { --*taken; }
};
using Place = std::unique_ptr<std::atomic<unsigned>, GiveBack>;

Place take_place(std::atomic<unsigned>& taken, unsigned most) {
    for (unsigned now = taken; now < most;)
        if (taken.compare_exchange_weak(now, now + 1))
            return Place(&taken);
    return nullptr;
}
//! [place]

//! [promise]
// What stands in the frame of a Task beside its variables: its result, and which coroutine waits for that. A Task
// begins when it is awaited (lazy), and at its end the thread goes on in the caller.
struct BackToCaller : std::suspend_always {
    template <typename Promise>
    static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
        return ended.promise().caller;
    }
};

template <typename Result> class Task;

template <typename Result> struct Promise {
    Task<Result> get_return_object() { return Task<Result>(*this); }
    static std::suspend_always initial_suspend() { return {}; }
    static BackToCaller final_suspend() noexcept { return {}; }
    void return_value(Result value) { result = std::move(value); }
    void unhandled_exception() { exception = std::current_exception(); }

    std::coroutine_handle<> caller;
    Result result{};
    std::exception_ptr exception;
};
//! [promise]

//! [task]
// A function that another one awaits, once. This object owns the frame. It stands in the frame of the caller until the
// caller has the result or the exception: so the frame of who waits outlives the one that it waits for.
template <typename Result> class [[nodiscard]] Task {
public:
    using promise_type = Promise<Result>;
    using Frame = std::coroutine_handle<promise_type>;
    explicit Task(promise_type& promise) : frame_(Frame::from_promise(promise)) {}

    static bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
        promise().caller = caller;
        return frame_.get(); // the thread goes on there: an optimised build jumps, another one calls
    }
    Result await_resume() {
        if (promise().exception)
            std::rethrow_exception(promise().exception);
        return std::move(promise().result);
    }

private:
    struct Destroy {
        using pointer = Frame;
        void operator()(Frame frame) const { frame.destroy(); }
    };
    [[nodiscard]] promise_type& promise() const { return Frame(frame_.get()).promise(); }

    std::unique_ptr<promise_type, Destroy> frame_;
};
//! [task]

//! [conversation]
// A function that nobody awaits. It begins when its caller says so. Its frame is its own, and goes after the last line.
struct Conversation {
    struct promise_type {
        Conversation get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        static std::suspend_always initial_suspend() { return {}; }
        static std::suspend_never final_suspend() noexcept { return {}; }
        static void return_void() {}
        static void unhandled_exception() { std::terminate(); } // `serve` lets none out
    };

    std::coroutine_handle<> begin;
};
//! [conversation]

//! [in_flight]
struct Outcome {
    DWORD bytes = 0;
    int error = 0;
    bool started = true; // false: no packet came
};

// An operation that Windows has, in the list of all. Its coroutine waits, and goes on when the packet comes, and for no
// other reason: not even a deadline ends the wait, it only makes the packet come.
struct InFlight : OVERLAPPED {
    InFlight(Server& owner, SOCKET socket, const Limit& longest)
        : OVERLAPPED{},
          server(owner),
          handle(reinterpret_cast<HANDLE>(socket)),
          limit(longest) {}
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    ~InFlight() = default;

    void enter(std::coroutine_handle<> who_waits) {
        coroutine = who_waits;
        const std::scoped_lock lock(server.mutex);
        server.in_flight.insert(this);
    }
    void leave(DWORD bytes, int error, bool started = true) {
        const std::scoped_lock lock(server.mutex);
        const bool late = error == ERROR_OPERATION_ABORTED && !server.stopping; // the stop cancels, too
        outcome = {bytes, late ? WSAETIMEDOUT : error, started};
        server.in_flight.erase(this);
    }

    Server& server;
    const HANDLE handle;
    const Limit& limit;
    const Time::time_point since = Time::now();
    std::coroutine_handle<> coroutine;
    Outcome outcome;
};
//! [in_flight]

//! [operation]
// What Windows gets, the OVERLAPPED, is also what co_await takes, the awaiter: it stands in the frame of the coroutine
// that waits, and that frame cannot go before the packet has come. What Windows writes to before `call` returns must be
// on the stack: the packet may be quicker, and another worker may have ended the conversation, and its frames.
template <typename Call> struct Operation : InFlight {
    static_assert(std::is_trivially_destructible_v<Call>); // GCC 12 destroys twice what a lambda has captured here
    Operation(Server& owner, SOCKET socket, const Limit& longest, Call how)
        : InFlight(owner, socket, longest),
          call(how) {}

    static bool await_ready() { return false; }
    // True: it waits.
    bool await_suspend(std::coroutine_handle<> who_waits) {
        enter(who_waits);
        // Once the call has started it, another worker may destroy this object. Then only the stack is ours.
        if (call(this))
            return true; // it has ended already; but the packet comes as well
        const int failure = ::WSAGetLastError();
        if (failure == WSA_IO_PENDING)
            return true;
        leave(0, failure, false); // no packet will come
        return false;
    }
    [[nodiscard]] Outcome await_resume() const { return outcome; }

    const Call call;
};
//! [operation]

//! [accept]
// No socket: it has left again.
Socket welcome(Socket client, Server& server) {
    const auto* const listener = reinterpret_cast<const char*>(&server.listener);
    if (::setsockopt(client.get(), SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, listener, sizeof server.listener) != 0)
        return {};
    u_long on = 1; // for recv: operations do not wait in any case
    if (::ioctlsocket(client.get(), static_cast<long>(FIONBIO), &on) == SOCKET_ERROR)
        throw WindowsError("ioctlsocket", ::WSAGetLastError());
    if (::CreateIoCompletionPort(reinterpret_cast<HANDLE>(client.get()), server.port, 0, 0) == nullptr)
        throw WindowsError("CreateIoCompletionPort", ::GetLastError());
    return client;
}

// No socket: the client has left again, or the server stops. The place among the accepts is given back when this
// frame goes.
Task<Socket> accept(Server& server, Place) {
    Socket client;
    std::array<char, std::size_t{2} * address_size> addresses;
    Outcome accepted;
    do {
        client = make_socket(server.family);
        accepted = co_await Operation(server, server.listener, server.accept_limit, [&](OVERLAPPED* overlapped) {
            DWORD bytes = 0;
            return server.accept_ex(
                server.listener, client.get(), addresses.data(), 0, address_size, address_size, &bytes, overlapped);
        });
    } while (!accepted.started && accepted.error == WSAECONNRESET); // one has come and left again: to the next one
    if (!accepted.started)
        throw WindowsError("AcceptEx", accepted.error);
    if (accepted.error != 0)
        co_return Socket();
    co_return welcome(std::move(client), server);
}
//! [accept]

//! [receive]
struct Received {
    std::vector<char> bytes; // none: the end
    int error = 0;           // WSAGetLastError would ask the thread, and this may be another one
};

Task<Received> receive(SOCKET client, Server& server, const Limit& limit) {
    for (;;) {
        if (server.grace_is_over) // who never lets us wait cannot be cancelled
            co_return Received{{}, ERROR_OPERATION_ABORTED};
        const Outcome wait = co_await Operation(server, client, limit, [client](OVERLAPPED* overlapped) {
            WSABUF nothing{0, nullptr};
            DWORD flags = 0;
            return ::WSARecv(client, &nothing, 1, nullptr, &flags, overlapped, nullptr) == 0;
        });
        const bool cancelled = wait.error == ERROR_OPERATION_ABORTED || wait.error == WSAETIMEDOUT;
        if (wait.error != 0 && !cancelled)
            co_return Received{{}, wait.error};
        std::vector<char> bytes(buffer_size);
        const int received = ::recv(client, bytes.data(), buffer_size, 0); // also what came in the last moment
        const int error = received == SOCKET_ERROR ? ::WSAGetLastError() : 0;
        if (error == WSAEWOULDBLOCK && !cancelled)
            continue;
        bytes.resize(error == 0 ? static_cast<std::size_t>(received) : 0);
        co_return Received{std::move(bytes), error == WSAEWOULDBLOCK ? wait.error : error};
    }
}
//! [receive]

//! [send_all]
Task<Ended> send_all(SOCKET client, std::span<char> unsent, Server& server) {
    while (!unsent.empty()) {
        const Outcome sent = co_await Operation(server, client, server.patience, [=](OVERLAPPED* overlapped) {
            WSABUF rest{static_cast<ULONG>(unsent.size()), unsent.data()};
            return ::WSASend(client, &rest, 1, nullptr, 0, overlapped, nullptr) == 0;
        });
        if (sent.error != 0)
            co_return sent.error;
        server.log.sent(client, sent.bytes);
        unsent = unsent.subspan(sent.bytes);
    }
    co_return still_here;
}
//! [send_all]

//! [finish]
// We say nothing more, and the client may still finish. What it sends is read: to close with unread bytes resets.
Task<int> finish(SOCKET client, Server& server) {
    ::shutdown(client, SD_SEND);
    for (;;) {
        const Received received = co_await receive(client, server, server.patience);
        if (received.error != 0)
            co_return received.error;
        if (received.bytes.empty())
            co_return goodbye;
    }
}
//! [finish]

//! [echo_until_the_end]
Task<int> echo_until_the_end(SOCKET client, Server& server) {
    for (;;) {
        Received received = co_await receive(client, server, server.silence);
        if (received.error == ERROR_OPERATION_ABORTED)
            co_return co_await finish(client, server); // the server stops, and this client is silent
        if (received.error != 0)
            co_return received.error;
        if (received.bytes.empty())
            co_return goodbye;
        server.log.received(client, received.bytes.size());
        if (const Ended ended = co_await send_all(client, received.bytes, server))
            co_return *ended;
    }
}
//! [echo_until_the_end]

//! [serve]
void note_end(SOCKET client, Server& server, int why) {
    if (why == ERROR_OPERATION_ABORTED)
        ++server.cut_off; // by the stop, and the log will say so
    else
        server.log.closing(client, why);
    if (why == goodbye && server.stopping)
        ++server.goodbyes;
}

// The whole life of a client, and of the place that it takes. What is given by value lives in the frame.
Conversation serve(Server& server, Place, Place accepting) {
    Socket client; // closed before the place is given back: variables go before parameters
    try {
        client = co_await accept(server, std::move(accepting)); // that frame has gone, and its place
        if (!client)
            co_return; // it has left again, or we stop
        server.log.opened(client.get());
        const int why = co_await echo_until_the_end(client.get(), server);
        note_end(client.get(), server, why);
    } catch (const std::exception& error) { // it ends this conversation, and no other
        if (client)
            server.log.closing(client.get(), error);
        else
            server.log.problem(error);
    }
}
//! [serve]

//! [start_accept]
// Called once for each packet, because it may have ended an accept or a conversation; and ten times a second, because
// what could not be had is tried again.
void start_accept(Server& server) {
    Place accepting = take_place(server.accepts, server.max_accepts);
    Place place = take_place(server.conversations, server.max_clients);
    if (!accepting || !place || server.stopping)
        return;
    try {
        serve(server, std::move(place), std::move(accepting)).begin.resume();
    } catch (const std::exception& error) { // no memory for its frame
        server.log.problem(error);
    }
}
//! [start_accept]

//! [work]
void work(Server& server) {
    for (;;) {
        DWORD bytes = 0;
        ULONG_PTR key = 0; // nobody's: the OVERLAPPED says it all
        OVERLAPPED* overlapped = nullptr;
        const BOOL succeeded = ::GetQueuedCompletionStatus(server.port, &bytes, &key, &overlapped, INFINITE);
        const int error = succeeded ? 0 : static_cast<int>(::GetLastError());
        if (overlapped == nullptr)
            return; // posted by ~Workers: time to leave
        auto& operation = *static_cast<InFlight*>(overlapped);
        operation.leave(bytes, error);
        operation.coroutine.resume(); // it is back when the conversation waits again, or has ended
        start_accept(server);
    }
}
//! [work]

//! [stop]
// To cancel is a request that may come a moment too early or too late, so this is called again and again. What is in
// the list lives while the lock is held: its packet may have come, but its coroutine has not gone on.
void cancel_what_is_late(Server& server) {
    const std::scoped_lock lock(server.mutex);
    for (InFlight* operation : server.in_flight)
        if (server.grace_is_over || Time::now() - operation->since > operation->limit)
            ::CancelIoEx(operation->handle, operation);
}

// No more clients, and little patience with those who are silent: they are asked to finish. Who talks is served on
// until the grace is over. Then everything is cancelled. The listener is closed when nobody has an accept, or starts
// one.
void stop_orderly(Server& server, Socket& listener, Limit grace, StopSignal& stop) {
    server.stopping = true;
    server.accept_limit = 0ms;
    server.silence = 50ms;
    const auto end = Time::now() + grace;
    do {
        server.grace_is_over = Time::now() > end;
        cancel_what_is_late(server);
        if (server.accepts == 0)
            listener = Socket();
    } while (server.conversations > 0 && !stop.comes_within(50ms));
}
//! [stop]

} // namespace

//! [main]
int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        unsigned workers = 2 * std::max(1U, std::thread::hardware_concurrency());
        unsigned accepts = 8;
        unsigned max_clients = 1'000'000;
        unsigned idle = 600;
        unsigned grace = 1;
        const ServerOptions options = read_server_options(argc, argv, "Echo server, stage 6: coroutines.",
            {{"--workers", workers, "threads that take completion packets", 1000},
                {"--accepts", accepts, "accepts in flight", 1000},
                {"--max-clients", max_clients, "clients at a time; the next one waits", max_clients},
                {"--idle", idle, "seconds that a client may be silent, or take less than 8 KiB", 1'000'000},
                {"--grace", grace, "seconds that clients have to finish when the server stops", 3600}});
        StopSignal stop;
        const WinsockSession winsock;
        Socket listener = listen_on(options.address, options.port);
        EventLog log(options.verbose);
        const KernelObject port(::CreateIoCompletionPort(reinterpret_cast<HANDLE>(listener.get()), nullptr, 0, 0));
        if (!port) // both jobs in one call: the new port has its first socket
            throw WindowsError("CreateIoCompletionPort", ::GetLastError());
        Server server{listener.get(), address_of(listener.get()).family(), port.get(), accept_ex_of(listener.get()),
            log, accepts, max_clients, std::chrono::seconds(idle)};
        {
            const Workers pool(workers, port.get(), [&server] { work(server); });
            log.listening(listener.get());
            for (unsigned i = 0; i < accepts; ++i)
                start_accept(server);
            do {
                start_accept(server);
                cancel_what_is_late(server);
            } while (!stop.comes_within(100ms));
            stop_orderly(server, listener, std::chrono::seconds(grace), stop);
        }
        log.stopping(std::to_string(server.goodbyes) + " said goodbye, " + std::to_string(server.cut_off) +
                     " cut off, " + std::to_string(server.in_flight.size()) + " operations in flight");
    });
}
//! [main]
