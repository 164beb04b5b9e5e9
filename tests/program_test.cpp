// What the programs of this tutorial promise besides the echo: how they stop, their options, lines and exit codes.
#include "tests/server_test.hpp"

#include "common/error.hpp"
#include "common/winsock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

class Program : public ServerTest {};
class Log : public ServerTest {};

std::ptrdiff_t lines_in(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
}

// Without the last line of a server that says how it stopped.
std::string without_how_it_stopped(const std::string& log) {
    return log.substr(0, log.find("stopped: "));
}

// ---- Stopping ----------------------------------------------------------------------------------------------------

//! [TakesLessThanTwoSecondsWithSilentClients]
TEST_F(Stop, TakesLessThanTwoSecondsWithSilentClients) {
    EchoClient talked = connect();
    ASSERT_EQ(talked.echo("hello"), "hello");
    EchoClient silent = connect();
    EchoClient silent_too = connect();
    expect_it_waits();
    server().ask_to_stop();
    EXPECT_EQ(server().exit_code(2s), 0);
    EXPECT_EQ(server().whole_errors(), "");
}
//! [TakesLessThanTwoSecondsWithSilentClients]

TEST_F(Stop, TakesLessThanTwoSecondsThoughAClientReadsNothing) {
    EchoClient deaf = connect();
    const std::string payload = pattern(64U << 20);
    ASSERT_LT(fill(deaf, payload), payload.size()); // the server keeps one buffer of it, and no more
    server().ask_to_stop();
    EXPECT_EQ(server().exit_code(2s), 0);
}

TEST_F(Stop, WorksWithoutAnyClient) {
    expect_it_waits();
    server().ask_to_stop();
    EXPECT_EQ(server().exit_code(2s), 0);
}

//! [LetsTheSamePortBeUsedAgainAtOnce]
TEST_F(Stop, LetsTheSamePortBeUsedAgainAtOnce) {
    const std::uint16_t port = server().port();
    {
        EchoClient client = connect();
        ASSERT_EQ(client.echo("hello"), "hello");
    }
    ASSERT_TRUE(server().logs(": goodbye\n"));
    expect_it_waits();
    server().ask_to_stop();
    ASSERT_EQ(server().exit_code(2s), 0);

    ServerProcess again(tested().server, {"--port", std::to_string(port)});
    EXPECT_EQ(again.port(), port);
    EXPECT_EQ(again.connect().echo("hello again"), "hello again");
}
//! [LetsTheSamePortBeUsedAgainAtOnce]

// ---- The program's options, lines and exit codes -----------------------------------------------------------------

//! [RefusesAPortThatAnotherServerHas]
TEST_F(Program, RefusesAPortThatAnotherServerHas) {
    ServerProcess second(tested().server, {"--port", std::to_string(server().port())});
    EXPECT_EQ(second.exit_code(), 1);
    EXPECT_EQ(second.whole_output(), "");
    const std::string errors = second.whole_errors();
    EXPECT_EQ(lines_in(errors), 1) << errors;
    EXPECT_TRUE(errors.find("(10048)") != std::string::npos || errors.find("(10013)") != std::string::npos) << errors;
    expect_a_good_client_is_served(); // by the first server: it has lost nothing
}
//! [RefusesAPortThatAnotherServerHas]

TEST_F(Program, RefusesAnAddressOfAnotherMachine) {
    ServerProcess lost(tested().server, {"--port", "0", "--address", "192.0.2.1"}); // set aside for documentation
    EXPECT_EQ(lost.exit_code(), 1);
    const std::string errors = lost.whole_errors();
    EXPECT_EQ(lines_in(errors), 1) << errors;
    EXPECT_NE(errors.find("(10049)"), std::string::npos) << errors;
}

bool has_ipv6() {
    try {
        return static_cast<bool>(listen_on("::1", 0));
    } catch (const WindowsError&) {
        return false;
    }
}

TEST_F(Program, ListensOnAnIPv6AddressToo) {
    if (!has_ipv6())
        GTEST_SKIP() << "this machine has no IPv6";
    ServerProcess six(tested().server, {"--port", "0", "--address", "::1"});
    EchoClient client(six.port(), "::1");
    EXPECT_EQ(client.echo("hello"), "hello");
    EXPECT_EQ(six.output().substr(0, 19), "listening on [::1]:");
    EXPECT_TRUE(six.logs(" connected from [::1]:"));
}

TEST_F(Program, ListensOnBothFamiliesAtOnce) {
    if (!has_ipv6())
        GTEST_SKIP() << "this machine has no IPv6";
    ServerProcess both(tested().server, {"--port", "0", "--address", "::"});
    const std::uint16_t port = both.port();
    { // one after the other: stage 1 serves no two together
        EchoClient six(port, "::1");
        EXPECT_EQ(six.echo("hello"), "hello");
    }
    EXPECT_EQ(EchoClient(port, "127.0.0.1").echo("hello"), "hello");
}

TEST_F(Program, RefusesWrongOptionsWithOneLine) {
    const std::vector<std::vector<std::string>> wrong{
        {"--nonsense"}, {"--port"}, {"--port", "99999"}, {"--port", "-1"}, {"--address", "nowhere"}, {"surplus"}};
    for (const std::vector<std::string>& options : wrong) {
        ServerProcess refused(tested().server, options);
        EXPECT_EQ(refused.exit_code(), 2) << options.back();
        EXPECT_EQ(refused.whole_output(), "") << options.back();
        const std::string errors = refused.whole_errors();
        EXPECT_EQ(lines_in(errors), 1) << errors;
    }
}

TEST_F(Program, TellsItsOptionsWhenAsked) {
    ServerProcess helpful(tested().server, {"--help"});
    EXPECT_EQ(helpful.exit_code(), 0);
    const std::string help = helpful.whole_output();
    for (const char* word : {"--port", "5150", "--address", "127.0.0.1", "--verbose"})
        EXPECT_NE(help.find(word), std::string::npos) << word << " is missing in:\n" << help;
}

TEST_F(Program, AnnouncesWhereItListensInItsFirstLine) {
    const std::string port = std::to_string(server().port());
    expect_it_waits();
    server().ask_to_stop();
    EXPECT_EQ(without_how_it_stopped(server().whole_output()),
        "listening on 127.0.0.1:" + port + "\n"); // and says nothing else
}

// ---- What the server says about its clients ----------------------------------------------------------------------

//! [Leave500TimesWithoutCostingASocket]
TEST_F(RudeClients, Leave500TimesWithoutCostingASocket) {
    for (int i = 0; i < 500; ++i)
        connect().hang_up();
    ASSERT_TRUE(server().logs(": goodbye\n", 500));
    expect_a_good_client_is_served();
    // Windows gives the numbers of closed sockets out again. A socket that is never closed makes them grow, by 4 each.
    const std::string log = server().output();
    const std::string before_number = "\nSocket ";
    std::vector<long> numbers;
    for (std::size_t at = log.find(before_number); at != std::string::npos; at = log.find(before_number, at + 1))
        numbers.push_back(std::stol(log.substr(at + before_number.size())));
    EXPECT_LT(*std::max_element(numbers.begin(), numbers.end()), numbers.front() + 4 * 250);
}
//! [Leave500TimesWithoutCostingASocket]

//! [SaysWhyEachConnectionEnded]
TEST_F(Log, SaysWhyEachConnectionEnded) {
    connect().hang_up();
    EXPECT_TRUE(server().logs("Closing socket "));
    EXPECT_TRUE(server().logs(": goodbye\n"));
    EchoClient stays = connect();
    ASSERT_EQ(stays.echo("hello"), "hello");
    expect_it_waits();
    server().ask_to_stop();
    EXPECT_TRUE(server().logs(": stop\n"));

    const std::string log = without_how_it_stopped(server().whole_output());
    EXPECT_EQ(lines_in(log), 5) << log; // listening, and for each of the two: connected, closing
}
//! [SaysWhyEachConnectionEnded]

class UnreadLog : public ServerTest {
protected:
    // Each echo is two lines, so there are more than any pipe holds, and more than a server should keep.
    static constexpr std::size_t echoes = 1500;

    void let_nobody_read() {
        EchoClient client = talkative_.connect();
        talkative_.reader().pause();
        for (std::size_t i = 0; i < echoes; ++i)
            ASSERT_EQ(client.echo("x"), "x") << "after " << i << " echoes";
    }
    [[nodiscard]] ServerProcess& talkative() { return talkative_; }

private:
    ServerProcess talkative_{tested().server, {"--port", "0", "--verbose"}};
};

//! [HoldsUpNobody]
TEST_F(UnreadLog, HoldsUpNobody) {
    let_nobody_read();
    EXPECT_EQ(talkative().connect().echo("and another client"), "and another client");
    talkative().ask_to_stop();
    EXPECT_EQ(talkative().exit_code(2s), 0);
}
//! [HoldsUpNobody]

TEST_F(UnreadLog, SaysHowManyLinesAreLostWhenItIsReadAgain) {
    let_nobody_read();
    talkative().reader().read_on();
    ASSERT_TRUE(talkative().logs("Closing socket ")); // the last one is not lost
    std::istringstream log(talkative().output());
    std::size_t lines = 0;
    for (std::string line; std::getline(log, line); ++lines)
        if (line.find(" lines lost") != std::string::npos)
            lines += std::stoul(line.substr(1)) - 1; // all but this line itself
    EXPECT_GE(lines, 3 + 2 * echoes);                // listening, connected, closing
}

TEST_F(UnreadLog, MayBeClosedByItsReader) {
    EchoClient client = talkative().connect();
    talkative().reader().leave();
    for (int i = 0; i < 100; ++i)
        ASSERT_EQ(client.echo("x"), "x");
    talkative().ask_to_stop();
    EXPECT_EQ(talkative().exit_code(2s), 0);
}

TEST_F(Log, TellsOfEachReceiveAndSendIfVerbose) {
    ServerProcess talkative(tested().server, {"--port", "0", "--verbose"});
    EchoClient client = talkative.connect();
    EXPECT_EQ(client.echo("hello"), "hello");
    EXPECT_TRUE(talkative.logs(" received 5 bytes on thread "));
    EXPECT_TRUE(talkative.logs(" sent 5 bytes on thread "));
    EXPECT_EQ(server().output().find("received"), std::string::npos); // the other one was not asked to
}

} // namespace
