// Chapter 1: one thread, and it waits inside each call.
#include "tests/server_test.hpp"

#include <string>

namespace {

//! [MakesASecondClientWaitUntilTheFirstHangsUp]
TEST_F(Limit, MakesASecondClientWaitUntilTheFirstHangsUp) {
    EchoClient first = connect();
    ASSERT_EQ(first.echo("one"), "one"); // the server is with this client now

    EchoClient second = connect(); // Windows completes this connection; the server has not accepted it
    second.send("two");
    EXPECT_FALSE(second.hears_something_within(a_while));

    first.hang_up();
    EXPECT_EQ(second.receive(3), "two"); // nothing was lost while it waited
}
//! [MakesASecondClientWaitUntilTheFirstHangsUp]

TEST_F(Limit, IsHeldUpByAClientThatReadsNothing) {
    EchoClient deaf = connect();
    const std::string payload = pattern(64U << 20);
    fill(deaf, payload); // the server is blocked in send

    EchoClient next = connect();
    next.send("hello");
    EXPECT_FALSE(next.hears_something_within(a_while));

    deaf.vanish();
    EXPECT_EQ(next.receive(5), "hello");
}

} // namespace
