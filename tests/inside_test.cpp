// What no client can see: calls that fail at the right moment, what is given back, and when. The server is the same object
// code as the stage's, and its calls of Windows are watched: see watched_calls.cpp.
#include "tests/server_test.hpp"
#include "tests/watch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

// The calls that a server makes for a client, and an error that each may come back with.
struct Failure {
    const char* name;
    Call call;
    int error;
};
constexpr std::array<Failure, 8> failures{{{"recv", Call::recv, WSAECONNRESET}, {"send", Call::send, WSAECONNABORTED},
    {"WSARecv", Call::WSARecv, WSAENETRESET}, {"WSASend", Call::WSASend, WSAENOBUFS},
    {"WSAGetOverlappedResult", Call::WSAGetOverlappedResult, WSAETIMEDOUT},
    {"GetQueuedCompletionStatus", Call::GetQueuedCompletionStatus, ERROR_NETNAME_DELETED},
    {"WSACreateEvent", Call::WSACreateEvent, WSA_NOT_ENOUGH_MEMORY},
    {"CreateIoCompletionPort", Call::CreateIoCompletionPort, ERROR_NO_SYSTEM_RESOURCES}}};

class Inside : public testing::Test {
protected:
    Inside() { static_cast<void>(server_.port()); } // it has all that it needs before its first client

    [[nodiscard]] ServerProcess& server() { return server_; }
    [[nodiscard]] EchoClient connect() { return server_.connect(); }
    [[nodiscard]] const SharedWatch& watch() const { return watch_; }
    [[nodiscard]] std::string broken_rule() const { return watch_.broken_rule(); }

    /// The next call of this kind is one for the next client: the conversations before it must have ended.
    void let_the_next_fail(Call call, int error) {
        if (!soon([&] { return watch_->sockets == 0; }))
            throw std::runtime_error(std::to_string(watch_->sockets) + " sockets are left");
        watch_->error = error;
        watch_->fails_next = call;
    }
    [[nodiscard]] bool has_failed() const { return watch_->fails_next == Call::none; }

    /// The server ends this conversation, politely or not.
    static bool is_ended(EchoClient& client) {
        try {
            return client.hears_the_end();
        } catch (const WindowsError&) {
            return true; // a reset
        }
    }
    void expect_a_good_client_is_served() { EXPECT_EQ(connect().echo("still there?"), "still there?"); }

private:
    ServerProcess server_{watched(tested().server), {"--port", "0"}};
    SharedWatch watch_{server_.id()};
};

//! [AFailedAcceptEndsNothing]
TEST_F(Inside, AFailedAcceptEndsNothing) {
    for (const int error : {WSAECONNRESET, WSAENOBUFS, WSAEMFILE}) {
        let_the_next_fail(Call::accept, error);
        const EchoClient unlucky = connect();
        EXPECT_TRUE(soon([&] { return has_failed(); })) << error_text(error);
        expect_a_good_client_is_served();
    }
}
//! [AFailedAcceptEndsNothing]

//! [AFailedCallEndsItsClientAndIsTold]
TEST_F(Inside, AFailedCallEndsItsClientAndIsTold) {
    for (const Failure& failure : failures) {
        let_the_next_fail(failure.call, failure.error);
        EchoClient client = connect();
        client.send("hello");
        ASSERT_TRUE(client.hears_something_within(EchoClient::patience)) << failure.name << " failed, and nothing came";
        if (!has_failed()) { // this server works without that call
            EXPECT_EQ(client.receive(5), "hello");
            continue;
        }
        EXPECT_TRUE(is_ended(client)) << failure.name << " failed, and the conversation goes on";
        EXPECT_TRUE(server().logs('(' + std::to_string(failure.error) + ')'))
            << failure.name << ": " << server().output();
        expect_a_good_client_is_served();
    }
}
//! [AFailedCallEndsItsClientAndIsTold]

//! [EverythingIsGivenBack]
TEST_F(Inside, EverythingIsGivenBack) {
    expect_a_good_client_is_served();     // so the server has now all that it needs itself
    let_the_next_fail(Call::none, 0);     // that client has gone,
    std::this_thread::sleep_for(a_while); // and its memory too
    const int events = watch()->events;
    const int blocks = watch()->blocks;
    for (const Failure& failure : failures) {
        let_the_next_fail(failure.call, failure.error);
        EchoClient client = connect();
        client.send("hello");
        if (client.hears_something_within(EchoClient::patience)) // what, is another claim's business
            static_cast<void>(is_ended(client));
    }
    let_the_next_fail(Call::none, 0);
    for (std::size_t i = 0; i < enough_resets(); ++i) {
        EchoClient polite = connect();
        ASSERT_EQ(polite.echo("hello"), "hello");
        polite.hang_up();
        EchoClient rude = connect();
        ASSERT_EQ(rude.echo("hello"), "hello");
        rude.vanish();
    }
    let_the_next_fail(Call::none, 0); // all have ended
    EXPECT_TRUE(soon([&] { return watch()->events == events; })) << watch()->events - events << " events are left";
    EXPECT_TRUE(soon([&] { return watch()->blocks == blocks; }))
        << watch()->blocks - blocks << " clients' memory is left";
}
//! [EverythingIsGivenBack]

//! [MissingMemoryEndsItsClientOnly]
TEST_F(Inside, MissingMemoryEndsItsClientOnly) {
    EchoClient unlucky = connect();
    ASSERT_EQ(unlucky.echo("hello"), "hello");
    EchoClient other = connect();
    std::this_thread::sleep_for(a_while); // now the next who wants memory wants it for the first client
    const auto lines = [&] { return static_cast<std::size_t>(std::ranges::count(server().output(), '\n')); };
    const std::size_t before = lines();
    watch()->refusals = 1;
    unlucky.send("and now?");
    ASSERT_TRUE(unlucky.hears_something_within(EchoClient::patience));
    if (watch()->refusals == 0) { // else this server works without more memory
        EXPECT_TRUE(is_ended(unlucky));
        EXPECT_TRUE(server().logs("\n", before + 1)) << "nothing is told";
    } else {
        EXPECT_EQ(unlucky.receive(8), "and now?");
    }
    EXPECT_LE(lines(), before + 1) << server().output();
    watch()->refusals = 0;
    unlucky.hang_up();
    EXPECT_EQ(other.echo("still here"), "still here");
    other.hang_up();
    expect_a_good_client_is_served();
}
//! [MissingMemoryEndsItsClientOnly]

TEST_F(Inside, TheRulesOfTheCallsAreKept) {
    for (int i = 0; i < 3; ++i) {
        EchoClient client = connect();
        ASSERT_EQ(client.echo("hello"), "hello");
        client.hang_up();
        ASSERT_TRUE(server().logs("Closing socket ", static_cast<std::size_t>(i + 1)));
    }
    EXPECT_EQ(broken_rule(), "");
}

//! [NothingIsTouchedThatWindowsHas]
// The thread that has started an operation is held back. In the meantime the operation ends, another thread takes it, and
// gives the connection's memory back: who touches the connection after the call ends the server.
TEST_F(Inside, NothingIsTouchedThatWindowsHas) {
    watch()->pause = 50;
    for (int i = 0; i < 4; ++i) {
        EchoClient client = connect();
        ASSERT_EQ(client.echo("hello"), "hello");
        client.hang_up();
        ASSERT_TRUE(server().logs("Closing socket ", static_cast<std::size_t>(i + 1)));
    }
    EXPECT_EQ(server().exit_code(a_while), std::nullopt) << broken_rule();
}
//! [NothingIsTouchedThatWindowsHas]

//! [TheStopFreesNothingThatWindowsHas]
// The stop meets a client that reads nothing, one that says nothing, and one in mid-stream. Every operation comes home late:
// a server that frees its memory because it was cancelled, or because some time has passed, frees it too early.
TEST_F(Inside, TheStopFreesNothingThatWindowsHas) {
    const std::string much = pattern(64U << 20);
    EchoClient deaf = connect();
    deaf.send_what_fits(much, until_full);
    const EchoClient silent = connect();
    EchoClient talks = connect();
    const std::jthread mid_stream(
        [&](const std::stop_token& enough) { talk_until_the_end(talks, much.substr(0, 50'000), enough); });
    watch()->late = 200;
    server().ask_to_stop();
    EXPECT_EQ(server().exit_code(), 0);
    EXPECT_FALSE(watch()->freed_in_flight) << broken_rule();
}
//! [TheStopFreesNothingThatWindowsHas]

} // namespace
