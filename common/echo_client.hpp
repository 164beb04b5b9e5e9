/// \file
/// The other side of every server here: a client for tests, for the demo, and for your own hands.
#pragma once

#include "common/winsock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// One connection to an echo server. Whatever does not happen in time is a std::runtime_error that says what was
/// expected and what came. One thread may send while another receives.
class EchoClient {
public:
    using milliseconds = std::chrono::milliseconds;

    /// How long to wait for something that should happen. It is long, because it only costs time when a server is
    /// wrong.
    static constexpr milliseconds patience{5'000};

    /// Connects; if no port of this machine is free, waits for one. A server that is busy with others has not accepted
    /// this connection yet: Windows completes it.
    /// \throws WindowsError if there is no connection within `limit`.
    explicit EchoClient(std::uint16_t port, const std::string& address = "127.0.0.1", milliseconds limit = patience);

    /// Sends all of `bytes`.
    /// \param limit  how long the server may go without taking a byte; a negative one waits for ever.
    void send(std::string_view bytes, milliseconds limit = patience);

    /// Sends from `bytes` until all are sent or the server has taken none for `limit`. No error: this is how a
    /// client fills a connection that it does not read from.
    /// \return how many bytes were sent.
    std::size_t send_what_fits(std::string_view bytes, milliseconds limit);

    /// Waits for exactly `count` bytes.
    /// \param limit  how long no byte at all may come.
    [[nodiscard]] std::string receive(std::size_t count, milliseconds limit = patience);

    /// Waits for whatever comes next, at most 64 KiB.
    /// \param limit  a negative one waits for ever.
    /// \return an empty string when the server has ended the stream.
    [[nodiscard]] std::string receive_some(milliseconds limit = patience);

    /// Sends `payload` and reads its echo *while* sending. A client that only writes would come to a halt as soon as
    /// the buffers of both directions are full: the server cannot send, so it does not receive either.
    /// \param limit  how long nothing at all may move.
    [[nodiscard]] std::string echo(std::string_view payload, milliseconds limit = patience);

    /// Ends this client's half of the conversation. The server reads 0 bytes, and can still send.
    void half_close();
    /// True if the server has nothing more to say and ends the stream within `limit`; false if bytes came instead.
    /// \throws std::runtime_error if neither happens, or if the server resets the connection.
    [[nodiscard]] bool hears_the_end(milliseconds limit = patience);
    /// True if a byte, or the end of the stream, or a reset arrives within `limit`. Reads nothing.
    [[nodiscard]] bool hears_something_within(milliseconds limit) const;

    /// Closes the connection politely.
    void hang_up() { socket_ = Socket{}; }
    /// Leaves without a word: the server gets a reset, and what was on its way is lost.
    void vanish();

private:
    std::size_t send_now(std::string_view bytes);

    WinsockSession winsock_;
    Socket socket_;
};
