// Chapter 5: accepting is an operation, and every operation comes home.
#include "tests/server_test.hpp"
#include "tests/watch.hpp"

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

class Accepts : public ServerTest {};
class SilentClients : public ServerTest {};
class OrderlyStop : public ServerTest {
protected:
    /// The last line of the log, when the server has ended.
    static std::string last_line_of(ServerProcess& server) {
        const std::string log = server.whole_output();
        return log.substr(log.rfind('\n', log.size() - 2) + 1);
    }
    [[nodiscard]] static std::unique_ptr<ServerProcess> with(const std::vector<std::string>& options) {
        std::vector<std::string> all{"--port", "0"};
        all.insert(all.end(), options.begin(), options.end());
        return std::make_unique<ServerProcess>(tested().server, all);
    }
};

//! [Serves2000ClientsTogether]
TEST_F(Limit, Serves2000ClientsTogether) {
    EXPECT_EQ(serve_together(2000).size(), 2000U);
}
//! [Serves2000ClientsTogether]

//! [ServesMoreClientsAtOneMomentThanAcceptsAreInFlight]
TEST_F(Accepts, ServesMoreClientsAtOneMomentThanAcceptsAreInFlight) {
    ServerProcess one(tested().server, {"--port", "0", "--accepts", "1"});
    std::vector<EchoClient> clients;
    for (int i = 0; i < 100; ++i)
        clients.push_back(one.connect()); // nobody waits for an answer in between
    for (EchoClient& client : clients)
        EXPECT_EQ(client.echo("hello"), "hello");
}
//! [ServesMoreClientsAtOneMomentThanAcceptsAreInFlight]

//! [SurviveClientsThatResetBeforeTheyAreAccepted]
TEST_F(Accepts, SurviveClientsThatResetBeforeTheyAreAccepted) {
    ServerProcess two(tested().server, {"--port", "0", "--accepts", "2"});
    for (int i = 0; i < 500; ++i)
        two.connect().vanish();
    std::vector<EchoClient> clients; // with fewer accepts in flight than before, these would wait in vain
    for (int i = 0; i < 50; ++i) {
        clients.push_back(two.connect());
        ASSERT_EQ(clients.back().echo("hello"), "hello");
    }
}
//! [SurviveClientsThatResetBeforeTheyAreAccepted]

//! [AreNotHeldUpBySilentClients]
TEST_F(Accepts, AreNotHeldUpBySilentClients) {
    std::vector<EchoClient> silent;
    for (int i = 0; i < 300; ++i)
        silent.push_back(connect());
    EXPECT_EQ(connect().echo("hello", 2s), "hello");
}
//! [AreNotHeldUpBySilentClients]

//! [KnowTheAddressOfEveryClient]
TEST_F(Accepts, KnowTheAddressOfEveryClient) {
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(connect().echo("hello"), "hello");
    EXPECT_TRUE(server().logs("connected from 127.0.0.1:", 20));
}
//! [KnowTheAddressOfEveryClient]

//! [StopAtTheNumberOfClientsThatIsAllowed]
TEST_F(Accepts, StopAtTheNumberOfClientsThatIsAllowed) {
    const auto limited = std::make_unique<ServerProcess>(
        tested().server, std::vector<std::string>{"--port", "0", "--max-clients", "10"});
    std::vector<EchoClient> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(limited->connect());
        ASSERT_EQ(clients.back().echo("hello"), "hello");
    }
    EchoClient next = limited->connect();
    next.send("me too");
    EXPECT_FALSE(next.hears_something_within(a_while));
    clients.front().hang_up();
    EXPECT_EQ(next.receive(6), "me too");
}
//! [StopAtTheNumberOfClientsThatIsAllowed]

//! [GoOnAtOnceAfterClientsThatLeftBeforeTheCall]
// AcceptEx says at once that they have come and left again, so no packet comes that could start the next accept.
TEST_F(Accepts, GoOnAtOnceAfterClientsThatLeftBeforeTheCall) {
    ServerProcess one(watched(tested().server), {"--port", "0", "--accepts", "1"});
    EXPECT_EQ(one.connect().echo("hello"), "hello");
    const SharedWatch watch(one.id());
    watch->left_before = 100;
    EXPECT_EQ(one.connect().echo("hello"), "hello"); // it takes the accept that is in flight
    EXPECT_EQ(one.connect().echo("hello", 2s), "hello");
    EXPECT_EQ(watch->left_before, 0);
}
//! [GoOnAtOnceAfterClientsThatLeftBeforeTheCall]

//! [AreTriedAgainWhenMemoryWasShort]
// There is none for the worker that takes the only accept, and none for the main thread, which tries next.
TEST_F(Accepts, AreTriedAgainWhenMemoryWasShort) {
    ServerProcess one(watched(tested().server), {"--port", "0", "--accepts", "1"});
    static_cast<void>(one.port()); // it has all that it needs before its first client
    const SharedWatch watch(one.id());
    watch->refusals = 4;
    const EchoClient silent = one.connect();
    ASSERT_TRUE(soon([&] { return watch->refusals == 0; })) << "nobody tries again";
    EXPECT_EQ(one.connect().echo("hello"), "hello");
}
//! [AreTriedAgainWhenMemoryWasShort]

//! [CostLessThan2KiBEach]
// Of the server's own memory. What Windows keeps for a socket is not counted here.
TEST_F(SilentClients, CostLessThan2KiBEach) {
    std::vector<EchoClient> clients;
    const auto come = [&](int count) { // one after the other: who speaks needs a buffer at that moment
        for (int i = 0; i < count; ++i) {
            clients.push_back(connect());
            EXPECT_EQ(clients.back().echo("hello"), "hello");
        }
    };
    come(100); // now the server has all that it needs itself
    const std::size_t before = server().memory();
    come(1000);
    EXPECT_LT(server().memory(), before + std::size_t{1000} * 2048);
}
//! [CostLessThan2KiBEach]

//! [GivesEverythingBackAndThenTheEnd]
TEST_F(OrderlyStop, GivesEverythingBackAndThenTheEnd) {
    const auto patient = with({"--grace", "10"}); // a busy machine may take longer than the second that is the default
    std::vector<EchoClient> clients;
    const std::string payload = pattern(200'000);
    for (int i = 0; i < 50; ++i) {
        clients.push_back(patient->connect());
        ASSERT_EQ(clients.back().echo("hello"), "hello"); // it is accepted
    }
    for (EchoClient& client : clients)
        client.send(payload); // more than the server's buffer, less than Windows keeps: it is in mid-stream
    patient->ask_to_stop();
    for (EchoClient& client : clients) {
        EXPECT_TRUE(client.receive(payload.size()) == payload);
        EXPECT_TRUE(client.hears_the_end());
        client.hang_up();
    }
    EXPECT_EQ(patient->exit_code(2s), 0);
    EXPECT_EQ(last_line_of(*patient), "stopped: 50 said goodbye, 0 cut off, 0 operations in flight\n");
}
//! [GivesEverythingBackAndThenTheEnd]

//! [SendsOnToClientsThatReadLate]
// 3 MB are more than Windows keeps in one direction, and less than in both. So each client has sent all; and while it does not
// read, a part is in flight in the server, and another part stands before it and is not received yet.
TEST_F(OrderlyStop, SendsOnToClientsThatReadLate) {
    const auto patient = with({"--grace", "20"});
    const std::string payload = pattern(3'000'000);
    std::vector<EchoClient> clients;
    for (int i = 0; i < 20; ++i)
        clients.push_back(patient->connect());
    std::vector<std::future<std::size_t>> sent; // all of it; or what fits, where Windows keeps less
    for (EchoClient& client : clients)
        sent.push_back(std::async(std::launch::async, [&] { return fill(client, payload); }));
    for (const std::future<std::size_t>& each : sent)
        each.wait();
    patient->ask_to_stop();
    std::this_thread::sleep_for(a_while); // now the server has looked at each of them more than once
    for (std::size_t i = 0; i < clients.size(); ++i) {
        EXPECT_TRUE(payload.starts_with(clients[i].receive(sent[i].get())));
        EXPECT_TRUE(clients[i].hears_the_end());
        clients[i].hang_up();
    }
    EXPECT_EQ(patient->exit_code(2s), 0);
    EXPECT_EQ(last_line_of(*patient), "stopped: 20 said goodbye, 0 cut off, 0 operations in flight\n");
}
//! [SendsOnToClientsThatReadLate]

//! [AnswersWhoWasAcceptedInTheLastMoment]
// Windows has accepted it before the stop comes, and no worker has heard of it.
TEST_F(OrderlyStop, AnswersWhoWasAcceptedInTheLastMoment) {
    ServerProcess patient(watched(tested().server), {"--port", "0", "--grace", "10"});
    static_cast<void>(patient.port()); // its accepts are in flight
    const SharedWatch watch(patient.id());
    watch->late = 300;
    EchoClient client = patient.connect();
    client.send("hello");
    std::this_thread::sleep_for(100ms);
    patient.ask_to_stop();
    EXPECT_EQ(client.receive(5), "hello");
    EXPECT_TRUE(client.hears_the_end());
    client.hang_up();
    EXPECT_EQ(patient.exit_code(5s), 0);
    EXPECT_EQ(last_line_of(patient), "stopped: 1 said goodbye, 0 cut off, 0 operations in flight\n");
}
//! [AnswersWhoWasAcceptedInTheLastMoment]

//! [CutsOffNobodyBeforeTheTimeIsOver]
// The stop decides to cancel the wait of a silent client, and is held back. Meanwhile that wait has come home and the next one has
// begun, in which the client may take its time.
TEST_F(OrderlyStop, CutsOffNobodyBeforeTheTimeIsOver) {
    ServerProcess patient(watched(tested().server), {"--port", "0", "--accepts", "1", "--grace", "10"});
    EchoClient client = patient.connect();
    EXPECT_EQ(client.echo("hello"), "hello");
    const SharedWatch watch(patient.id());
    watch->late = 120;
    watch->pause_before_cancel = 60;
    patient.ask_to_stop();
    EXPECT_TRUE(client.hears_the_end());
    EXPECT_EQ(patient.exit_code(1s), std::nullopt);
    client.hang_up();
    EXPECT_EQ(patient.exit_code(5s), 0);
    EXPECT_EQ(last_line_of(patient), "stopped: 1 said goodbye, 0 cut off, 0 operations in flight\n");
}
//! [CutsOffNobodyBeforeTheTimeIsOver]

//! [CutsOffAClientThatReadsNothing]
TEST_F(OrderlyStop, CutsOffAClientThatReadsNothing) {
    EchoClient deaf = connect();
    const std::string payload = pattern(64U << 20);
    fill(deaf, payload);
    server().ask_to_stop();
    EXPECT_EQ(server().exit_code(2s), 0);
    EXPECT_EQ(last_line_of(server()), "stopped: 0 said goodbye, 1 cut off, 0 operations in flight\n");
}
//! [CutsOffAClientThatReadsNothing]

//! [IsNotPreventedByAClientThatTalksForEver]
TEST_F(OrderlyStop, IsNotPreventedByAClientThatTalksForEver) {
    EchoClient talks = connect();
    ASSERT_EQ(talks.echo("hello"), "hello");
    const std::jthread on_and_on([&](const std::stop_token& enough) { talk_until_the_end(talks, "and then", enough); });
    server().ask_to_stop();
    EXPECT_EQ(server().exit_code(3s), 0);
    EXPECT_EQ(last_line_of(server()), "stopped: 0 said goodbye, 1 cut off, 0 operations in flight\n");
}
//! [IsNotPreventedByAClientThatTalksForEver]

//! [IsNotPreventedByClientsThatFlood]
// They always have more to say, and read at once. So the server's operations end as soon as they are started, and to cancel
// them comes too late, most of the time.
TEST_F(OrderlyStop, IsNotPreventedByClientsThatFlood) {
    const std::string much = pattern(2U << 20);
    const auto flood = [&](const std::stop_token& enough, EchoClient client) { // which hangs up at the end
        talk_until_the_end(client, much, enough);
    };
    std::vector<std::jthread> clients;
    for (int i = 0; i < 10; ++i)
        clients.emplace_back(flood, connect());
    ASSERT_TRUE(server().logs("connected from", 10));
    server().ask_to_stop();
    EXPECT_EQ(server().exit_code(3s), 0);
    EXPECT_EQ(last_line_of(server()), "stopped: 0 said goodbye, 10 cut off, 0 operations in flight\n");
}
//! [IsNotPreventedByClientsThatFlood]

//! [GivesClientsTheTimeThatWasAskedFor]
TEST_F(OrderlyStop, GivesClientsTheTimeThatWasAskedFor) {
    const auto patient = with({"--grace", "5"});
    EchoClient client = patient->connect();
    ASSERT_EQ(client.echo("hello"), "hello");
    patient->ask_to_stop();
    EXPECT_TRUE(client.hears_the_end());
    EXPECT_EQ(patient->exit_code(1500ms), std::nullopt); // the client has not finished
    client.hang_up();
    EXPECT_EQ(patient->exit_code(1s), 0);
    EXPECT_EQ(last_line_of(*patient), "stopped: 1 said goodbye, 0 cut off, 0 operations in flight\n");
}
//! [GivesClientsTheTimeThatWasAskedFor]

//! [EndsAtOnceIfItIsAskedASecondTime]
TEST_F(OrderlyStop, EndsAtOnceIfItIsAskedASecondTime) {
    const auto patient = with({"--grace", "60"});
    EchoClient client = patient->connect();
    ASSERT_EQ(client.echo("hello"), "hello");
    patient->ask_to_stop();
    EXPECT_TRUE(client.hears_the_end());
    patient->ask_to_stop();
    EXPECT_EQ(patient->exit_code(1s), 0);
}
//! [EndsAtOnceIfItIsAskedASecondTime]

} // namespace
