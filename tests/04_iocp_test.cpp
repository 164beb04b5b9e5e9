// Chapter 4: a completion port and its workers.
#include "tests/server_test.hpp"

#include <chrono>
#include <cstddef>
#include <future>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

class Workers : public ServerTest {};

std::size_t count_in(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
        ++count;
    return count;
}

//! [Serves200ClientsTogether]
TEST_F(Limit, Serves200ClientsTogether) {
    EXPECT_EQ(serve_together(200).size(), 200U);
}
//! [Serves200ClientsTogether]

//! [OutliveTwiceAsManyResetsAsThereAreWorkers]
// The classic program leaves its worker at the first failed operation. After as many resets as it has workers it
// still accepts clients, and answers none.
TEST_F(Workers, OutliveTwiceAsManyResetsAsThereAreWorkers) {
    const std::size_t workers = default_workers();
    // A reset that comes before the next receive was started is no failed operation. Those few are made up for.
    std::size_t resets = 0;
    for (std::size_t vanished = 1; resets < 2 * workers; ++vanished) {
        ASSERT_LE(vanished, 20 * workers);
        EchoClient rude = connect();
        ASSERT_EQ(rude.echo("hello"), "hello");
        rude.vanish();
        ASSERT_TRUE(server().logs("Closing socket ", vanished));
        resets = count_in(server().output(), ": reset, ");
    }
    EXPECT_EQ(serve_together(64).size(), 64U);
}
//! [OutliveTwiceAsManyResetsAsThereAreWorkers]

//! [GiveTheSameAnswersWhateverTheirNumber]
TEST_F(Workers, GiveTheSameAnswersWhateverTheirNumber) {
    for (const char* workers : {"1", "2", "8"}) {
        ServerProcess pool(tested().server, {"--port", "0", "--workers", workers});
        const std::string payload = pattern(1U << 20);
        std::vector<std::future<std::string>> answers;
        for (int i = 0; i < 4; ++i)
            answers.push_back(std::async(std::launch::async, [&] { return pool.connect().echo(payload); }));
        for (std::future<std::string>& answer : answers)
            EXPECT_TRUE(answer.get() == payload) << "with " << workers << " workers";
        pool.ask_to_stop();
        EXPECT_EQ(pool.exit_code(2s), 0) << "with " << workers << " workers";
    }
}
//! [GiveTheSameAnswersWhateverTheirNumber]

//! [DoNotWaitForAClientThatReadsNothing]
TEST_F(Workers, DoNotWaitForAClientThatReadsNothing) {
    ServerProcess one_worker(tested().server, {"--port", "0", "--workers", "1"}); // no other could stand in for it
    expect_a_deaf_client_delays_nobody([&one_worker] { return one_worker.connect(); });
}
//! [DoNotWaitForAClientThatReadsNothing]

TEST_F(Workers, CannotBeNone) {
    ServerProcess refused(tested().server, {"--workers", "0"});
    EXPECT_EQ(refused.exit_code(), 2);
}

} // namespace
