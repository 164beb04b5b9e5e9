// What stages 2 and later promise about clients that want too much, or give nothing: every server that serves several
// clients together.
#include "tests/server_test.hpp"

#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace {

class Fairness : public ServerTest {};

TEST_F(Fairness, AClientThatReadsNothingDelaysNobody) {
    expect_a_deaf_client_delays_nobody([this] { return connect(); });
}

//! [ClientsThatFloodStarveNobody]
TEST_F(Fairness, ClientsThatFloodStarveNobody) {
    std::vector<EchoClient> floods;
    for (int i = 0; i < 3; ++i)
        floods.push_back(connect());
    EchoClient last = connect();
    std::vector<EchoClient> latest; // who comes while they flood, and stays
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
    latest.push_back(connect());
    EXPECT_EQ(latest.back().echo("and I?", 2s), "and I?");
}
//! [ClientsThatFloodStarveNobody]

} // namespace
