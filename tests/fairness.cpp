#include "tests/fairness.hpp"

#include <atomic>
#include <thread>

using namespace std::chrono_literals;

//! [a_deaf_client]
void Fairness::expect_a_deaf_client_delays_nobody() {
    EchoClient other = connect();
    EchoClient deaf = connect();
    const std::string payload = pattern(64U << 20);
    ASSERT_LT(deaf.send_what_fits(payload, a_while), payload.size()); // the server cannot send to it any more
    EXPECT_EQ(other.echo("quick", 1s), "quick");
    EXPECT_EQ(connect().echo("and quick", 1s), "and quick");
}
//! [a_deaf_client]

//! [flooding_clients]
void Fairness::expect_flooding_clients_starve_nobody() {
    // Each of these always has bytes waiting in the server, because it sends without waiting for their echo.
    std::vector<EchoClient> floods;
    for (int i = 0; i < 3; ++i)
        floods.push_back(connect());
    EchoClient last = connect();
    std::atomic<bool> enough = false;
    std::vector<std::jthread> threads;
    for (EchoClient& flood : floods)
        threads.emplace_back([&flood, &enough, payload = pattern(256U << 10)] {
            while (!enough)
                static_cast<void>(flood.echo(payload));
        });
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(last.echo("may I?", 1s), "may I?") << "in round " << i;
    enough = true;
}
//! [flooding_clients]
