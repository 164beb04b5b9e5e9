#include "tests/fairness.hpp"

#include <thread>

using namespace std::chrono_literals;

//! [a_deaf_client]
void Fairness::expect_a_deaf_client_delays_nobody(ServerProcess& server) {
    EchoClient other = server.connect();
    EchoClient deaf = server.connect();
    const std::string payload = pattern(64U << 20);
    ASSERT_LT(deaf.send_what_fits(payload, until_full), payload.size()); // the server cannot send to it any more
    EXPECT_EQ(other.echo("quick", 2s), "quick");
    EXPECT_EQ(server.connect().echo("and quick", 2s), "and quick");
}
//! [a_deaf_client]

//! [flooding_clients]
void Fairness::expect_flooding_clients_starve_nobody() {
    std::vector<EchoClient> floods;
    for (int i = 0; i < 3; ++i)
        floods.push_back(connect());
    EchoClient last = connect();
    // One thread of each sends, another reads: the server always finds bytes of theirs waiting.
    std::vector<std::jthread> threads; // they are asked to stop when this test is left, however it ends
    for (EchoClient& flood : floods) {
        threads.emplace_back([&flood, payload = pattern(256U << 10)](const std::stop_token& stop) {
            while (!stop.stop_requested())
                static_cast<void>(flood.send_what_fits(payload, 100ms));
        });
        threads.emplace_back([&flood](const std::stop_token& stop) {
            while (!stop.stop_requested())
                if (flood.hears_something_within(100ms))
                    static_cast<void>(flood.receive_some());
        });
    }
    for (int i = 0; i < 20; ++i) {
        last.send("may I?");
        EXPECT_TRUE(last.hears_something_within(2s)) << "in round " << i;
        EXPECT_EQ(last.receive(6), "may I?");
    }
}
//! [flooding_clients]
