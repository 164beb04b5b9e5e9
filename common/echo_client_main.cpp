// The client as a program. With a TEXT it sends that and prints the echo. Without one it is a pipe through the server:
// standard input goes to the server, what comes back goes to standard output, byte for byte and of any size.
#include "common/command_line.hpp"
#include "common/echo_client.hpp"
#include "common/program.hpp"
#include "common/text.hpp"

#include <fcntl.h>
#include <io.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

// Reads what is there, up to the size of the buffer; so a line typed by hand goes out at once.
void send_standard_input(EchoClient& client) {
    std::array<char, 65'536> buffer{};
    for (;;) {
        const int got = ::_read(::_fileno(stdin), buffer.data(), static_cast<unsigned>(buffer.size()));
        if (got <= 0)
            break;
        client.send({buffer.data(), static_cast<std::size_t>(got)}, EchoClient::milliseconds{-1});
    }
    client.half_close();
}

void write_what_comes_back(EchoClient& client) {
    for (;;) {
        const std::string bytes = client.receive_some(EchoClient::milliseconds{-1});
        if (bytes.empty())
            return;
        if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() || std::fflush(stdout) != 0)
            throw std::runtime_error("cannot write to standard output");
    }
}

// If one of the two directions ends the program, the other one is still waiting in a call. _Exit takes it along, and
// leaves alone what it uses.
[[noreturn]] void pipe_through(EchoClient& client) {
    ::_setmode(::_fileno(stdin), _O_BINARY);
    ::_setmode(::_fileno(stdout), _O_BINARY);
    std::thread([&client] {
        if (const int failed = run_program([&client] { send_standard_input(client); }); failed != 0)
            std::_Exit(failed);
    }).detach();
    std::_Exit(run_program([&client] { write_what_comes_back(client); }));
}

} // namespace

int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        std::string address = "127.0.0.1";
        std::uint16_t port = 5150;
        std::optional<std::string> text;
        CommandLine line("Talks to an echo server.");
        line.port("--port", port, "the server's port");
        line.address("--address", address, "the server's address, as a number");
        line.text("TEXT", text, "what to send; without it, standard input is sent");
        line.read(argc, argv);
        EchoClient client(port, address);
        if (!text)
            pipe_through(client);
        else
            print(client.echo(*text) + '\n');
    });
}
