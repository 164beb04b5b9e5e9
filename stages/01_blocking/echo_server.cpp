// Stage 1: call, wait, answer.
//
// The simplest server there is. Each call waits until it has done its work: accept until a client comes, recv until
// bytes come, send until Windows has taken them. The program reads from top to bottom like the conversation it has.
//
//   new here   accept, recv, send: the blocking calls, and the three results of recv
//   the price  one thread, one client: the second one waits until the first hangs up
//   run it     01_blocking --port 5150
//   check it   ctest -R 01_blocking
#include "common/server.hpp"

#include <array>
#include <cstdlib>
#include <span>
#include <thread>

namespace {

constexpr int buffer_size = 8192;

//! [send_all]
// A blocking send returns when Windows has taken all the bytes. "Taken" means copied to its own memory: the client may
// not have seen one of them yet. The loop is here because send reports a count, and a count can be less than all.
Ended send_all(SOCKET client, std::span<const char> unsent, EventLog& log) {
    while (!unsent.empty()) {
        const int sent = ::send(client, unsent.data(), static_cast<int>(unsent.size()), 0);
        if (sent == SOCKET_ERROR)
            return ::WSAGetLastError();
        log.sent(client, static_cast<std::size_t>(sent));
        unsent = unsent.subspan(static_cast<std::size_t>(sent));
    }
    return still_here;
}
//! [send_all]

//! [echo_until_the_end]
// TCP carries bytes, not messages. One recv may bring a part of what the client sent in one call, or several such
// parts joined. An echo server does not mind: it sends back whatever came.
int echo_until_the_end(SOCKET client, EventLog& log) {
    std::array<char, buffer_size> buffer;
    for (;;) {
        const int received = ::recv(client, buffer.data(), buffer_size, 0);
        if (received == 0)
            return goodbye; // the client has finished sending, and every byte before that was read and sent back
        if (received == SOCKET_ERROR)
            return ::WSAGetLastError(); // the client vanished: this conversation is over, the server is not
        log.received(client, static_cast<std::size_t>(received));
        const std::span<const char> bytes(buffer.data(), static_cast<std::size_t>(received));
        if (const Ended ended = send_all(client, bytes, log))
            return *ended;
    }
}
//! [echo_until_the_end]

//! [serve]
// While one client is in echo_until_the_end, nobody calls accept. Windows still completes the connections of the
// others, lets them wait in the listener's backlog, and keeps what they send. To them the server looks very slow.
[[noreturn]] void serve(SOCKET listener, EventLog& log) {
    for (;;) {
        const Socket client(::accept(listener, nullptr, nullptr));
        if (!client) {
            after_failed_accept(::WSAGetLastError(), log);
            continue;
        }
        log.opened(client.get());
        log.closing(client.get(), echo_until_the_end(client.get(), log));
    }
}
//! [serve]

//! [end_process_on]
// Two calls of another thread bring one back from accept or recv, and both are a race. After closesocket Windows may
// give the number to a new socket, while the thread still uses it. CancelIoEx does nothing if the thread is just about
// to call. So the stop ends the process. _Exit runs no destructor: the blocked thread still uses what they would end.
void end_process_on(const StopSignal& stop, EventLog& log) {
    stop.wait();
    log.stopping();
    std::_Exit(EXIT_SUCCESS);
}
//! [end_process_on]

} // namespace

//! [main]
int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        const ServerOptions options = read_server_options(argc, argv, "Echo server, stage 1: one blocking thread.");
        const StopSignal stop;
        const WinsockSession winsock;
        const Socket listener = listen_on(options.address, options.port);
        EventLog log(options.verbose);
        log.listening(listener.get());
        std::thread([&] { end_process_on(stop, log); }).detach();
        // serve ends only with a broken listener. Nothing is destroyed then: the other thread uses stop and log.
        std::_Exit(run_program([&] { serve(listener.get(), log); }));
    });
}
//! [main]
