// Two things that Windows lets one program do to another, and Wine does not: press a key in its console, and ask how much
// processor time it has used. Under Wine the shell of Linux makes the same claims (ctrl_c_test and idle_test).
#include "tests/server_test.hpp"

#include "common/windows.hpp"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace {

class Waiting : public ServerTest {};

void expect_a_clean_end_after(DWORD event) {
    // That Ctrl+C is ignored is inherited, and whoever has started this test may ignore it.
    ASSERT_TRUE(::SetConsoleCtrlHandler(nullptr, FALSE));
    ServerProcess server(tested().server, {"--port", "0"}, Console::its_own);
    EchoClient client = server.connect();
    EXPECT_EQ(client.echo("hello"), "hello");
    server.press(event);
    EXPECT_EQ(server.exit_code(2s), 0);
}

TEST_F(Stop, HeedsCtrlC) {
    expect_a_clean_end_after(CTRL_C_EVENT);
}

TEST_F(Stop, HeedsCtrlBreak) {
    expect_a_clean_end_after(CTRL_BREAK_EVENT);
}

TEST_F(Waiting, CostsNoProcessorTime) {
    EchoClient silent = connect();
    ASSERT_TRUE(server().logs(" connected from "));
    const milliseconds before = server().processor_time();
    std::this_thread::sleep_for(1s);
    EXPECT_LT(server().processor_time() - before, 100ms);
}

} // namespace
