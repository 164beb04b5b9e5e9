// Chapter 6: a conversation is one function again, and has deadlines. What stage 5 promises too is in 05_acceptex_test.cpp.
#include "tests/server_test.hpp"
#include "tests/watch.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

class Deadline : public testing::Test {
protected:
    [[nodiscard]] static ServerProcess server_with(std::chrono::seconds idle) {
        return {tested().server, {"--port", "0", "--idle", std::to_string(idle.count())}};
    }
};

//! [ClosesASilentClientAndSaysWhy]
TEST_F(Deadline, ClosesASilentClientAndSaysWhy) {
    ServerProcess server = server_with(1s);
    EchoClient client = server.connect();
    ASSERT_EQ(client.echo("hello"), "hello");
    const auto begin = Clock::now();
    EXPECT_FALSE(client.hears_something_within(700ms));
    EXPECT_TRUE(client.hears_the_end());
    EXPECT_LT(Clock::now() - begin, 3s); // a busy machine may be late
    EXPECT_TRUE(server.logs("failed, WSAETIMEDOUT (10060)"));
}
//! [ClosesASilentClientAndSaysWhy]

//! [SparesASlowClientThatGoesOnTalking]
TEST_F(Deadline, SparesASlowClientThatGoesOnTalking) {
    ServerProcess server = server_with(1s);
    EchoClient slow = server.connect();
    for (int i = 0; i < 8; ++i) { // all together longer than the deadline
        EXPECT_EQ(slow.echo("."), ".");
        std::this_thread::sleep_for(400ms);
    }
}
//! [SparesASlowClientThatGoesOnTalking]

//! [ClosesAClientThatTakesNothing]
TEST_F(Deadline, ClosesAClientThatTakesNothing) {
    ServerProcess server = server_with(4s);
    EchoClient deaf = server.connect();
    const std::string payload = pattern(64U << 20);
    ASSERT_LT(deaf.send_what_fits(payload, until_full), payload.size());
    EXPECT_TRUE(server.logs("failed, WSAETIMEDOUT (10060)"));
}
//! [ClosesAClientThatTakesNothing]

//! [Ends2000ConversationsOnTime]
TEST_F(Deadline, Ends2000ConversationsOnTime) {
    constexpr auto idle = 2s;
    ServerProcess server = server_with(idle);
    std::vector<EchoClient> clients;
    std::vector<Clock::time_point> spoke;
    for (std::size_t ended = 0; ended < 2000;) { // they end in the order in which they spoke
        const std::size_t before = clients.size();
        for (int i = 0; clients.size() < 2000 && i < 100; ++i) {
            clients.push_back(server.connect());
            spoke.push_back(Clock::now());
            clients.back().send("hello");
        }
        for (std::size_t i = before; i < clients.size(); ++i)
            ASSERT_EQ(clients[i].receive(5), "hello");
        while (ended < clients.size() && clients[ended].hears_something_within(0ms)) {
            EXPECT_TRUE(clients[ended].hears_the_end());
            EXPECT_GT(Clock::now() - spoke[ended], idle - 100ms);
            ++ended;
        }
        ASSERT_TRUE(ended == clients.size() || Clock::now() - spoke[ended] < idle + 4s) << ended;
    }
}
//! [Ends2000ConversationsOnTime]

//! [FreesNothingThatWindowsHas]
// The operation that a deadline has cancelled comes home late. Until then its coroutine must wait, and its frame stay.
TEST_F(Deadline, FreesNothingThatWindowsHas) {
    ServerProcess server(watched(tested().server), {"--port", "0", "--idle", "1"});
    EchoClient client = server.connect();
    const SharedWatch watch(server.id());
    watch->late = 200;
    EXPECT_TRUE(client.hears_the_end());
    EXPECT_TRUE(server.logs("Closing socket"));
    std::this_thread::sleep_for(a_while);
    EXPECT_EQ(watch.broken_rule(), "");
}
//! [FreesNothingThatWindowsHas]

//! [MayEndBeforeItsBeginHasComeBack]
// The worker that begins a conversation is held back when the accept has started. Meanwhile the client comes, speaks and leaves,
// and another worker ends the conversation: who touches it once more, ends the server.
TEST(Conversation, MayEndBeforeItsBeginHasComeBack) {
    ServerProcess one(watched(tested().server), {"--port", "0", "--accepts", "1"});
    static_cast<void>(one.port()); // its accept is in flight
    const SharedWatch watch(one.id());
    watch->pause_of_accepts = 100;
    for (std::size_t i = 1; i <= 5; ++i) {
        EchoClient client = one.connect();
        ASSERT_EQ(client.echo("hello"), "hello");
        client.hang_up();
        ASSERT_TRUE(one.logs("Closing socket ", i));
    }
    EXPECT_EQ(one.exit_code(a_while), std::nullopt) << watch.broken_rule();
}
//! [MayEndBeforeItsBeginHasComeBack]

} // namespace
