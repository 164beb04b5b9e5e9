/// \file
/// What all tests of a server have in common: which program is tested, and a running copy of it.
#pragma once

#include "tests/server_process.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

/// The command line of the program `claims`.
struct Tested {
    std::string server;     ///< the program that is tested
    std::uint16_t port = 0; ///< or where a server listens that somebody else has started
    std::string address = "127.0.0.1";
    std::vector<std::string> sets; ///< which claims it is held to: `04_iocp` names those in 04_iocp_test.cpp
};

/// What main read from the command line.
[[nodiscard]] const Tested& tested();

/// A test with the tested server running on a free port. Nothing else is shared: every test has a server of its own,
/// unless it was told the port of one that runs already.
class ServerTest : public testing::Test {
protected:
    using milliseconds = EchoClient::milliseconds;

    ServerTest();
    /// A server that ended before its test has a reason, which only its standard error tells.
    void TearDown() override;
    [[nodiscard]] EchoClient connect();
    /// The server as a process: only claims about our own programs may ask for it.
    /// \throws std::bad_optional_access if somebody else has started it.
    [[nodiscard]] ServerProcess& server() { return server_.value(); }

    /// Gives the server time to come back to its wait, and expects that it still runs then. A stop that comes earlier is
    /// seen on the way, and tells nothing about the wait.
    void expect_it_waits();
    /// The claim that ends most tests: whatever the others did, a good client is served.
    void expect_a_good_client_is_served();
    /// Connects `count` clients, has each one echoed while all are connected, and gives them back, connected.
    [[nodiscard]] std::vector<EchoClient> serve_together(std::size_t count);
    /// `count` clients are served together; one more has to wait, and is served when one of them leaves.
    void expect_exactly_this_many_served_together(std::size_t count);
    /// Sends until the server takes no more, because nobody reads what it sends back: both directions are full.
    /// \return how many bytes were sent: all, if the server keeps what it cannot send back.
    static std::size_t fill(EchoClient& deaf, const std::string& payload);
    /// A client that sends and never reads does not delay another.
    static void expect_a_deaf_client_delays_nobody(const std::function<EchoClient()>& connect);

private:
    std::optional<ServerProcess> server_;
};

/// Claims about how many clients are served together, and what becomes of the others.
class Limit : public ServerTest {};
/// Claims about clients that leave without a word, or in great numbers.
class RudeClients : public ServerTest {};
/// Claims about the end of the server.
class Stop : public ServerTest {};

/// How long a test listens for something that must *not* happen. Short, because every run pays for it in full.
inline constexpr std::chrono::milliseconds a_while{300};

/// A connection is full when the server has taken no byte for so long. A busy machine can pause for a shorter time.
inline constexpr std::chrono::milliseconds until_full{2000};

/// As many workers as a server with a pool has if it is not told otherwise.
[[nodiscard]] std::size_t default_workers();

/// If each reset costs such a server a worker, so many leave it none, however many processors the machine has.
[[nodiscard]] std::size_t enough_resets();

/// Waits until it is true, as long as a client has patience.
[[nodiscard]] bool soon(const std::function<bool()>& is_true);

/// Says the same again and again and reads the echo, until that is enough, or the server ends or resets the connection.
void talk_until_the_end(EchoClient& client, std::string_view words, const std::stop_token& enough);

/// Random bytes, the same in every run. They repeat after 65,521 bytes, a prime number: a piece that is lost, doubled or
/// moved shows, because no size of a buffer is a multiple of that.
[[nodiscard]] std::string pattern(std::size_t size);
