#include "tests/server_test.hpp"

#include "common/command_line.hpp"
#include "common/program.hpp"
#include "common/text.hpp"
#include "common/windows.hpp"
#include "common/winsock.hpp"

#include <algorithm>
#include <chrono>
#include <climits>
#include <exception>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>

using namespace std::chrono_literals;

namespace {

Tested& writable_tested() {
    static Tested from_command_line;
    return from_command_line;
}

} // namespace

const Tested& tested() {
    return writable_tested();
}

ServerTest::ServerTest() {
    if (tested().port == 0)
        server_.emplace(tested().server, std::vector<std::string>{"--port", "0"});
}

void ServerTest::TearDown() {
    if (!HasFailure() || !server_)
        return;
    if (!server_->exit_code(a_while)) {
        const std::string log = server_->output();
        const std::size_t end = log.find(" is still to be written"); // a server of stage 6 survives the empty function
        const std::size_t begin = log.rfind('\n', end) + 1;
        if (end != std::string::npos)
            print("The server said: " + log.substr(begin, log.find('\n', end) - begin) + '\n');
        return;
    }
    std::string words = server_->whole_errors();
    std::erase(words, '\r');
    std::replace(words.begin(), words.end(), '\n', ' ');
    if (!words.empty())
        print("The server ended, and said: " + words + '\n');
}

EchoClient ServerTest::connect() {
    return server_ ? server_->connect() : EchoClient(tested().port, tested().address);
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

std::size_t ServerTest::fill(EchoClient& deaf, const std::string& payload) {
    return deaf.send_what_fits(payload, until_full);
}

//! [a_deaf_client]
void ServerTest::expect_a_deaf_client_delays_nobody(const std::function<EchoClient()>& connect) {
    EchoClient other = connect();
    EchoClient deaf = connect();
    const std::string payload = pattern(64U << 20);
    fill(deaf, payload); // the server cannot send to it any more
    EXPECT_EQ(other.echo("quick", 2s), "quick");
    EXPECT_EQ(connect().echo("and quick", 2s), "and quick");
}
//! [a_deaf_client]

std::size_t default_workers() {
    return std::size_t{2} * std::max(1U, std::thread::hardware_concurrency());
}

std::size_t enough_resets() {
    return std::max<std::size_t>(50, 2 * default_workers()); // some come too early to be a failed operation
}

bool soon(const std::function<bool()>& is_true) {
    for (const auto end = std::chrono::steady_clock::now() + EchoClient::patience; !is_true();)
        if (std::this_thread::sleep_for(10ms); std::chrono::steady_clock::now() > end)
            return false;
    return true;
}

void talk_until_the_end(EchoClient& client, std::string_view words, const std::stop_token& enough) {
    try {
        while (!enough.stop_requested())
            static_cast<void>(client.echo(words));
    } catch (const std::exception&) { // the end, or a reset
    }
}

std::string pattern(std::size_t size) {
    std::minstd_rand random; // always the same sequence
    std::string block(65'521, '\0');
    for (char& byte : block)
        byte = static_cast<char>(random() >> 8);
    std::string bytes;
    bytes.reserve(size);
    while (bytes.size() < size)
        bytes.append(block, 0, size - bytes.size());
    return bytes;
}

namespace {

// GoogleTest chooses tests by their names; here they are chosen by the files they stand in.
std::string names_of_tests_in(const std::vector<std::string>& sets) {
    std::string names;
    const testing::UnitTest& all = *testing::UnitTest::GetInstance();
    for (int i = 0; i < all.total_test_suite_count(); ++i)
        for (int j = 0; j < all.GetTestSuite(i)->total_test_count(); ++j) {
            const testing::TestInfo& test = *all.GetTestSuite(i)->GetTestInfo(j);
            const std::string file = to_utf8(std::filesystem::path(to_wide(test.file())).stem().wstring());
            if (std::find(sets.begin(), sets.end(), file.substr(0, file.rfind("_test"))) != sets.end())
                names += std::string(test.test_suite_name()) + '.' + test.name() + ':';
        }
    return names;
}

} // namespace

int wmain(int argc, wchar_t* argv[]) {
    int result = 0;
    const WinsockSession winsock; // held to the end: clients that come and go on several threads never end the last one
    const int trouble = run_program([&] {
        testing::InitGoogleTest(&argc, argv);
        CommandLine line("Holds an echo server to claims: those of the sets that are named, or those for any server.");
        Tested& options = writable_tested();
        unsigned console = 0;
        bool with_break = false;
        line.text("--server", options.server, "the server program");
        line.port("--server-port", options.port, "or the port of a server that runs already");
        line.address("--address", options.address, "the address of that server");
        line.words("SET", options.sets, "04_iocp names the claims in 04_iocp_test.cpp");
        line.number("--press-ctrl-c", console, "only press Ctrl+C in the console of this process", 1, UINT_MAX);
        line.flag("--break", with_break, "Ctrl+Break instead");
        line.read(argc, argv);
        if (console != 0)
            return press_in_console_of(console, with_break ? CTRL_BREAK_EVENT : CTRL_C_EVENT);
        if (options.sets.empty())
            options.sets = {"echo_contract"};
        if (GTEST_FLAG_GET(filter) == "*")
            GTEST_FLAG_SET(filter, names_of_tests_in(options.sets));
        result = RUN_ALL_TESTS();
    });
    return trouble != 0 ? trouble : result;
}
