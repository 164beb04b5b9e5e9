// The server of stage 6 once more, with Asio: a library that has the machinery of stages 4 to 6 inside.
//
//   io_context      the completion port; run() is stage 4's `work`, and ends when no operation is left and none can come
//   awaitable       a Task: lazy, and its frame is owned by who awaits it
//   co_spawn        a Conversation: nobody awaits it
//   use_awaitable   makes an operation, which is an OVERLAPPED, into an awaiter; redirect_error keeps it from throwing
//   a || b          both at once: the first that ends cancels the other, and it goes on when both have ended
//   strand          new: the conversation and its deadline may go on at the same moment, on two threads. What is in one strand
//                   goes on one after the other: a mutex for which no thread waits.
#include "common/address.hpp"
#include "common/server.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

using Time = std::chrono::steady_clock;
using Limit = std::chrono::milliseconds; // for one operation

struct Client {
    explicit Client(tcp::socket accepted) : socket(std::move(accepted)) {}

    tcp::socket socket; // its executor is a strand of its own, and only there the others are touched too:
    asio::steady_timer watch{socket.get_executor()};
    Time::time_point since = Time::now(); // the operation in flight was started
    bool is_to_speak = false;
};

struct Server {
    tcp::acceptor acceptor; // it has a strand too, and only there the next three are touched:
    const unsigned max_clients;
    unsigned places = 0; // that are taken, by clients and by accepts
    std::set<std::shared_ptr<Client>> clients{};

    EventLog& log;
    const Limit idle;
    std::atomic<bool> stopping = false;
    std::atomic<bool> hurry = false;
    std::atomic<int> goodbyes = 0; // since it stops
    std::atomic<int> cut_off = 0;
};

// The deadline, with one timer for each client. A timer for each operation, `receive || timer`, is shorter and costs more.
awaitable<void> cancel_what_is_late(Client& client, Server& server) {
    for (;;) {
        const Time::time_point end = client.since + (client.is_to_speak && server.stopping ? 50ms : server.idle);
        std::error_code ignored;
        if (Time::now() > end)
            client.socket.cancel(ignored);
        client.watch.expires_at(std::max(end, Time::now() + 20ms));
        co_await client.watch.async_wait(redirect_error(use_awaitable, ignored)); // the stop ends it earlier
    }
}

// No bytes: the server stops, and this client is silent. Every other end is thrown, the goodbye too: it is called eof.
// To wait for a read is to receive no bytes, as in stage 5.
awaitable<std::vector<char>> receive(Client& client, Server& server) {
    for (;;) {
        std::error_code error;
        client.since = Time::now();
        client.is_to_speak = true;
        co_await client.socket.async_wait(tcp::socket::wait_read, redirect_error(use_awaitable, error));
        client.is_to_speak = false;
        const bool late = error == asio::error::operation_aborted;
        if (error && !late)
            throw std::system_error(error);
        std::vector<char> bytes(8192);
        bytes.resize(client.socket.read_some(asio::buffer(bytes), error)); // also what came in the last moment
        if (error == asio::error::would_block && !late)
            continue;
        if (error == asio::error::would_block)
            error = server.stopping ? std::error_code() : asio::error::timed_out;
        if (error)
            throw std::system_error(error);
        co_return bytes;
    }
}

awaitable<void> send(Client& client, const std::vector<char>& bytes, Server& server) {
    std::error_code error;
    client.since = Time::now();
    co_await asio::async_write(client.socket, asio::buffer(bytes), redirect_error(use_awaitable, error));
    if (error == asio::error::operation_aborted)
        error = asio::error::timed_out;
    if (error)
        throw std::system_error(error);
    server.log.sent(client.socket.native_handle(), bytes.size());
}

// We say nothing more, and the client may still finish.
awaitable<void> finish(tcp::socket& client) {
    client.shutdown(tcp::socket::shutdown_send);
    for (std::vector<char> unread(8192);;)
        co_await client.async_read_some(asio::buffer(unread), use_awaitable); // until it throws
}

//! [echo_until_the_end]
awaitable<void> echo_until_the_end(Client& client, Server& server) {
    for (;;) {
        const std::vector<char> bytes = co_await receive(client, server);
        if (bytes.empty())
            co_await finish(client.socket);
        server.log.received(client.socket.native_handle(), bytes.size());
        co_await send(client, bytes, server);
    }
}
//! [echo_until_the_end]

awaitable<void> serve(Client& client, Server& server) {
    const SOCKET socket = client.socket.native_handle();
    try {
        server.log.opened(socket);
        client.socket.non_blocking(true);
        co_await echo_until_the_end(client, server);
    } catch (const std::system_error& error) {
        const bool polite = error.code() == asio::error::eof;
        if (polite && server.stopping)
            ++server.goodbyes;
        if (client.socket.is_open())
            server.log.closing(socket, polite ? goodbye : error.code().value());
        else
            ++server.cut_off; // by the stop, and the log will say so
    } catch (const std::exception& error) {
        server.log.closing(socket, error);
    }
}

void welcome(tcp::socket socket, Server& server) {
    const auto client = std::make_shared<Client>(std::move(socket));
    server.clients.insert(client);
    asio::co_spawn(client->socket.get_executor(), serve(*client, server) || cancel_what_is_late(*client, server),
        asio::bind_executor(server.acceptor.get_executor(), [client, &server](const auto&...) {
            server.clients.erase(client);
            --server.places;
        }));
}

// One accept at a time; there are as many of these as `--accepts` says. A client that has left again is forgotten.
awaitable<void> accept_clients(Server& server, asio::io_context& io) {
    while (server.acceptor.is_open()) {
        std::error_code error = asio::error::no_descriptors; // if there is no place
        if (server.places < server.max_clients) {
            ++server.places;
            tcp::socket socket = co_await server.acceptor.async_accept(
                asio::any_io_executor(asio::make_strand(io)), redirect_error(use_awaitable, error));
            if (error)
                --server.places;
            else
                welcome(std::move(socket), server);
        }
        if (error == asio::error::no_descriptors || error == asio::error::no_buffer_space)
            co_await asio::steady_timer(server.acceptor.get_executor(), 100ms).async_wait(use_awaitable);
    }
}

// No more clients, and little patience with those who are silent. After the grace all sockets are closed. Wine keeps a send
// that was not cancelled before.
awaitable<void> stop_orderly(Server& server, Limit grace) {
    server.stopping = true;
    server.acceptor.close();
    const auto end = Time::now() + grace;
    while (server.places > 0) {
        const bool over = server.hurry || Time::now() > end;
        for (const std::shared_ptr<Client>& client : server.clients)
            asio::post(client->socket.get_executor(), [client, over] {
                client->watch.cancel(); // so that it looks again
                if (std::error_code ignored; over) {
                    client->socket.cancel(ignored);
                    client->socket.close(ignored);
                }
            });
        co_await asio::steady_timer(server.acceptor.get_executor(), 20ms).async_wait(use_awaitable);
    }
}

} // namespace

int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        unsigned workers = 2 * std::max(1U, std::thread::hardware_concurrency());
        unsigned accepts = 8;
        unsigned max_clients = 1'000'000;
        unsigned idle = 600;
        unsigned grace = 1;
        const ServerOptions options = read_server_options(argc, argv, "Echo server, written with Asio.",
            {{"--workers", workers, "threads that run the io_context", 1000},
                {"--accepts", accepts, "accepts in flight", 1000},
                {"--max-clients", max_clients, "clients at a time; the next one waits", max_clients},
                {"--idle", idle, "seconds that a client may be silent, or take nothing", 1'000'000},
                {"--grace", grace, "seconds that clients have to finish when the server stops", 3600}});
        StopSignal stop;
        const WinsockSession winsock;
        Socket listener = listen_on(options.address, options.port);
        const tcp family = address_of(listener.get()).family() == AF_INET6 ? tcp::v6() : tcp::v4();
        EventLog log(options.verbose);
        asio::io_context io(static_cast<int>(workers));
        Server server{tcp::acceptor(asio::make_strand(io), family, listener.release()), max_clients, 0, {}, log,
            std::chrono::seconds(idle)};
        const auto strand = server.acceptor.get_executor();
        for (unsigned i = 0; i < accepts; ++i)
            asio::co_spawn(strand, accept_clients(server, io), asio::detached);
        {
            std::vector<std::jthread> pool;
            while (pool.size() < workers)
                pool.emplace_back([&io] { io.run(); });
            log.listening(server.acceptor.native_handle());
            while (!stop.comes_within(1h)) {
            }
            asio::co_spawn(strand, stop_orderly(server, std::chrono::seconds(grace)), asio::detached);
            while (!io.stopped())
                server.hurry = stop.comes_within(50ms) || server.hurry;
        }
        log.stopping(std::to_string(server.goodbyes) + " said goodbye, " + std::to_string(server.cut_off) +
                     " cut off, 0 operations in flight"); // or run() would not have ended
    });
}
