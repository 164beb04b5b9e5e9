// Chapter 2: one thread that asks which sockets are ready.
#include "tests/server_test.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace {

class Memory : public ServerTest {};

TEST_F(Limit, ServesExactly64ClientsTogether) {
    expect_exactly_this_many_served_together(64); // the sockets that one fd_set holds
}

TEST_F(Limit, CountsAClientThatReadsNothing) {
    std::vector<EchoClient> clients = serve_together(63);
    EchoClient deaf = connect(); // the 64th: it waits to be written to, so its place in the read set is free
    const std::string payload = pattern(64U << 20);
    fill(deaf, payload);

    EchoClient next = connect();
    next.send("me too");
    EXPECT_FALSE(next.hears_something_within(a_while)); // or there would be no place for it once the 64th reads again

    clients.front().hang_up();
    EXPECT_EQ(next.receive(6), "me too");
}

TEST_F(Memory, OfAClientStaysItsOwnWhenAnotherLeaves) {
    EchoClient first = connect();
    ASSERT_EQ(first.echo("hello"), "hello");
    EchoClient late = connect();
    const std::string payload = pattern(64U << 20);
    const std::size_t sent = fill(late, payload); // some of its bytes wait in the server

    first.hang_up(); // the list closes up, and the next client comes to its end
    EchoClient next = connect();
    const std::string other(8192, 'x');
    EXPECT_EQ(next.echo(other), other);

    EXPECT_TRUE(late.receive(sent) == payload.substr(0, sent));
}

} // namespace
