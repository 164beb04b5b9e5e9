// What a client can see of an echo server, and a right one does, however it works and whatever language it is written in.
// The server is a black box that takes connections: no word that it prints is looked at. Chapter 1 goes through these
// claims; the later chapters keep them.
#include "tests/server_test.hpp"

#include <chrono>
#include <cstddef>
#include <future>
#include <numeric>
#include <string>

using namespace std::chrono_literals;

namespace {

class Echo : public ServerTest {};
class HalfClose : public ServerTest {};

// ---- Bytes come back exact and in order -------------------------------------------------------------------------

//! [AnswersWithTheSameBytes]
TEST_F(Echo, AnswersWithTheSameBytes) {
    EchoClient client = connect();
    EXPECT_EQ(client.echo("x"), "x");
    EXPECT_EQ(client.echo("hello, server"), "hello, server");
}
//! [AnswersWithTheSameBytes]

TEST_F(Echo, ReturnsEverySizeAroundItsBuffers) {
    EchoClient client = connect();
    for (const std::size_t size : {1023U, 1024U, 1025U, 8191U, 8192U, 8193U, 65'535U, 65'536U, 65'537U}) {
        const std::string payload = pattern(size);
        EXPECT_TRUE(client.echo(payload) == payload) << size << " bytes";
    }
}

//! [Returns16MiBThatAreReadWhileTheyAreWritten]
TEST_F(Echo, Returns16MiBThatAreReadWhileTheyAreWritten) {
    EchoClient client = connect();
    const std::string payload = pattern(16U << 20);
    EXPECT_TRUE(client.echo(payload) == payload);
}
//! [Returns16MiBThatAreReadWhileTheyAreWritten]

//! [ReturnsEveryByteToAClientThatReadsLate]
TEST_F(Echo, ReturnsEveryByteToAClientThatReadsLate) {
    EchoClient late = connect();
    const std::string payload = pattern(64U << 20);
    const std::size_t sent = fill(late, payload); // until both directions are full
    late.half_close();
    EXPECT_TRUE(late.receive(sent) == payload.substr(0, sent));
    EXPECT_TRUE(late.hears_the_end());
}
//! [ReturnsEveryByteToAClientThatReadsLate]

TEST_F(Echo, KeepsEveryByteValue) {
    std::string all(256, '\0');
    std::iota(all.begin(), all.end(), '\0');
    EchoClient client = connect();
    EXPECT_EQ(client.echo(all), all);
}

TEST_F(Echo, Answers2000SingleBytesOneByOne) {
    EchoClient client = connect();
    for (const char byte : pattern(2000)) {
        client.send({&byte, 1});
        ASSERT_EQ(client.receive(1), std::string(1, byte));
    }
}

//! [KeepsTheOrderOfMessagesSentWithoutWaiting]
TEST_F(Echo, KeepsTheOrderOfMessagesSentWithoutWaiting) {
    EchoClient client = connect();
    std::string sent;
    for (int i = 0; i < 2000; ++i) {
        const std::string message = "message " + std::to_string(i) + '\n';
        client.send(message);
        sent += message;
    }
    EXPECT_EQ(client.receive(sent.size()), sent); // the same bytes; where one recv ended is nobody's business
}
//! [KeepsTheOrderOfMessagesSentWithoutWaiting]

// ---- The two halves of a conversation end one after the other ----------------------------------------------------

//! [GetsEverythingBackAndThenTheEnd]
TEST_F(HalfClose, GetsEverythingBackAndThenTheEnd) {
    EchoClient client = connect();
    const std::string payload = pattern(40'000); // more than the server's buffer, less than Windows keeps for us
    client.send(payload);
    client.half_close(); // before anything was read
    EXPECT_TRUE(client.receive(payload.size()) == payload);
    EXPECT_TRUE(client.hears_the_end());
}
//! [GetsEverythingBackAndThenTheEnd]

TEST_F(HalfClose, GetsMegabytesBackAndThenTheEnd) {
    EchoClient client = connect();
    const std::string payload = pattern(4U << 20);
    const auto writer = std::async(std::launch::async, [&] {
        client.send(payload);
        client.half_close();
    });
    EXPECT_TRUE(client.receive(payload.size()) == payload);
    EXPECT_TRUE(client.hears_the_end());
}

TEST_F(HalfClose, EndsAConversationInWhichNothingWasSaid) {
    EchoClient client = connect();
    client.half_close();
    EXPECT_TRUE(client.hears_the_end());
}

// ---- A client's failure ends that client only --------------------------------------------------------------------

TEST_F(RudeClients, VanishBeforeTheyAreAccepted) {
    for (int i = 0; i < 50; ++i) {
        EchoClient rude = connect();
        rude.send("you will never");
        rude.vanish();
    }
    expect_a_good_client_is_served();
}

//! [VanishWhileTheServerWaitsForThem]
TEST_F(RudeClients, VanishWhileTheServerWaitsForThem) {
    for (std::size_t i = 0; i < enough_resets(); ++i) { // a server with several threads outlives a few
        EchoClient rude = connect();
        ASSERT_EQ(rude.echo("hello"), "hello"); // now the server waits for more
        rude.vanish();
    }
    expect_a_good_client_is_served();
}
//! [VanishWhileTheServerWaitsForThem]

TEST_F(RudeClients, VanishWithTheirEchoUnread) {
    const std::string payload = pattern(100'000);
    for (int i = 0; i < 50; ++i) {
        EchoClient rude = connect();
        rude.send(payload);
        ASSERT_TRUE(rude.hears_something_within(EchoClient::patience)); // the echo has begun
        rude.vanish();
    }
    expect_a_good_client_is_served();
}

TEST_F(RudeClients, VanishWhileTheServerCannotSend) {
    const std::string payload = pattern(64U << 20);
    EchoClient rude = connect();
    fill(rude, payload); // nobody reads, so both directions are full
    rude.vanish();
    expect_a_good_client_is_served();
}

} // namespace
