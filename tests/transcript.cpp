// Plays a chapter's scene on its server and prints the session: what a client does, and under it what the server wrote.
//   transcript SERVER.exe [--reset] > docs/transcripts/NN_name.txt       records the session for the book
//   transcript SERVER.exe [--reset] --expect docs/transcripts/NN_name.txt   fails if the book shows another session
// Numbers that differ from run to run, and the system's own words, are not compared.
#include "common/command_line.hpp"
#include "common/program.hpp"
#include "common/text.hpp"
#include "tests/server_process.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

class Session {
public:
    explicit Session(const std::string& program) : server_(program, {"--port", "0", "--verbose"}) {}

    EchoClient connect() { return server_.connect(); }
    ServerProcess& server() { return server_; }

    // Adds what somebody does, and what the server has written since: up to and with the line that holds `last_line`.
    void tell(const std::string& event, const std::string& last_line, std::size_t times = 1) {
        if (!server_.logs(last_line, times))
            throw std::runtime_error(
                event + "\nexpected the server to write '" + last_line + "', it wrote:\n" + server_.output());
        add(event, server_.output());
    }
    void tell_the_end(const std::string& event) { add(event, server_.whole_output()); }
    void tell_of_silence(const std::string& event) { add(event, server_.output()); }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    void add(const std::string& event, const std::string& output) {
        text_ += event + '\n';
        std::istringstream news(output.substr(told_));
        for (std::string line; std::getline(news, line);)
            text_ += "    " + line + '\n';
        if (told_ == output.size())
            text_ += "    (the server writes nothing)\n";
        told_ = output.size();
    }

    ServerProcess server_;
    std::size_t told_ = 0; // how much of the server's output is in text_
    std::string text_;
};

std::string play(const std::string& program, bool with_reset) {
    Session session(program);
    session.tell("The server starts.", "listening on");
    EchoClient ann = session.connect();
    static_cast<void>(ann.echo("hello"));
    session.tell("Ann connects and says \"hello\".", "sent 5 bytes");

    EchoClient ben = session.connect();
    ben.send("anyone?");
    const std::string event = "Ben connects and says \"anyone?\".";
    if (ben.hears_something_within(300ms))
        session.tell(event, "sent 7 bytes");
    else
        session.tell_of_silence(event);

    static_cast<void>(ann.echo("bye"));
    session.tell("Ann says \"bye\".", "sent 3 bytes");
    ann.hang_up();
    if (!session.server().logs(": goodbye\n"))
        throw std::runtime_error("the server did not notice that Ann hung up");
    session.tell("Ann hangs up.", "sent 7 bytes"); // only now, where one client is served at a time
    static_cast<void>(ben.receive(7));             // a client that leaves with its echo unread sends a reset
    ben.hang_up();
    session.tell("Ben hangs up.", ": goodbye\n", 2);

    std::vector<EchoClient> vanishing;
    if (with_reset) {
        vanishing.push_back(session.connect());
        static_cast<void>(vanishing.back().echo("hi"));
        session.tell("Cat connects and says \"hi\".", "sent 2 bytes");
    }
    EchoClient dan = session.connect();
    session.tell("Dan connects and says nothing.", " connected from ", with_reset ? 4 : 3);
    if (with_reset) {
        vanishing.back().vanish();
        session.tell("Cat vanishes, without a word.", ": reset, ");
    }
    session.server().ask_to_stop();
    session.tell_the_end("Somebody stops the server.");
    return session.text();
}

// Socket, port and thread numbers, and the text that comes from the system, in whatever language it speaks.
std::string without_what_differs(const std::string& session) {
    const std::string numbers =
        std::regex_replace(session, std::regex(R"(([Ss]ocket |127\.0\.0\.1:|thread )\d+)"), "$1N");
    return std::regex_replace(numbers, std::regex(R"((reset, \w+ \(\d+\)).*)"), "$1");
}

std::string read_file(const std::string& path) {
    std::ifstream file(std::filesystem::path(to_wide(path)));
    std::ostringstream text;
    text << file.rdbuf();
    if (!file)
        throw std::runtime_error("cannot read " + path);
    return text.str();
}

} // namespace

int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        std::string server;
        std::string expected;
        bool with_reset = false;
        CommandLine line("Plays a chapter's scene on its server.");
        line.needed("SERVER", server, "the server program");
        line.text("--expect", expected, "the recorded session to compare with");
        line.flag("--reset", with_reset, "one of the clients vanishes");
        line.read(argc, argv);

        const std::string session = play(server, with_reset);
        print(session);
        if (!expected.empty() && without_what_differs(read_file(expected)) != without_what_differs(session))
            throw std::runtime_error("this is not the session that the book shows in " + expected);
    });
}
