#include "tests/server_test.hpp"

#include "common/command_line.hpp"
#include "common/program.hpp"

#include <cstdio>
#include <random>

namespace {

Tested& writable_tested() {
    static Tested from_command_line;
    return from_command_line;
}

} // namespace

const Tested& tested() {
    return writable_tested();
}

void ServerTest::expect_it_waits() {
    EXPECT_EQ(server().exit_code(a_while), std::nullopt);
}

void ServerTest::expect_a_good_client_is_served() {
    EchoClient good = connect();
    EXPECT_EQ(good.echo("still there?"), "still there?");
}

std::vector<EchoClient> ServerTest::serve_together(std::size_t count) {
    std::vector<EchoClient> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.push_back(connect());
        clients.back().send("first " + std::to_string(i));
        EXPECT_EQ(clients.back().receive(6 + std::to_string(i).size()), "first " + std::to_string(i));
    }
    for (std::size_t i = 0; i < count; ++i) // the early ones are still served after the last one came
        EXPECT_EQ(clients[i].echo("again " + std::to_string(i)), "again " + std::to_string(i));
    return clients;
}

//! [served_together]
void ServerTest::expect_exactly_this_many_served_together(std::size_t count) {
    std::vector<EchoClient> clients = serve_together(count);

    EchoClient next = connect(); // Windows completes the connection; the server has not accepted it
    next.send("me too");
    EXPECT_FALSE(next.hears_something_within(a_while)) << "more than " << count << " clients are served together";

    clients[count / 2].hang_up();
    EXPECT_EQ(next.receive(6), "me too");
}
//! [served_together]

std::string pattern(std::size_t size) {
    std::minstd_rand random; // always the same sequence
    std::string bytes(size, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(random() >> 8);
    return bytes;
}

int main(int argc, char* argv[]) {
    int result = 0;
    const WinsockSession winsock; // held to the end: clients that come and go on several threads never end the last one
    const int trouble = run_program([&] {
        testing::InitGoogleTest(&argc, argv);
        CommandLine app("Tests an echo server program.");
        Tested& tested = writable_tested();
        std::string instead;
        app.add_option("--server", tested.server, "the server program");
        app.add_option("--capacity", tested.capacity, "how many clients it serves together");
        app.add_option("--instead", instead, "the server program, whatever --server says")
            ->envname("SERVER_UNDER_TEST");
        app.read(argc, argv);
        if (!instead.empty())
            tested.server = instead;
        result = RUN_ALL_TESTS();
    });
    return trouble != 0 ? trouble : result;
}
