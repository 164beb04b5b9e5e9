// Plays one small scene on each server program that is named on the command line, and shows what came of it.
// Ann talks, Ben is silent, Cat comes last and talks; then they leave. After that: how many clients does this server
// serve together, and how many threads does it use for them? At last Dora sends much and reads late, and the server is
// stopped meanwhile: does her echo come back? Every word below is seen, nothing is known beforehand.
#include "common/error.hpp"
#include "common/program.hpp"
#include "common/text.hpp"
#include "tests/server_process.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t crowd_size = 70;

struct Seen {
    std::string stage;
    std::string ann = "waited";
    std::string cat = "never answered";
    std::size_t served_together = 0;
    std::size_t threads = 0;
    std::string dora = "a part of it";
};

void tell(const std::string& what, const std::string& outcome) {
    std::printf("  %-36s %s\n", what.c_str(), outcome.c_str());
    std::fflush(stdout);
}

// Reads the answer too: a client that leaves with its echo unread sends a reset, and these hang up politely.
bool is_answered(EchoClient& client, std::size_t bytes) {
    return client.hears_something_within(300ms) && client.receive(bytes).size() == bytes;
}

void play_scene(ServerProcess& server, Seen& seen) {
    EchoClient ann = server.connect();
    ann.send("hello");
    if (is_answered(ann, 5))
        seen.ann = "answered";
    tell("Ann connects and says \"hello\".", "Ann: " + seen.ann);

    EchoClient ben = server.connect();
    tell("Ben connects and says nothing.", "");

    EchoClient cat = server.connect();
    cat.send("anyone?");
    const auto look_at_cat = [&](const std::string& event, const std::string& outcome) {
        const bool known = seen.cat != "never answered";
        if (!known && is_answered(cat, 7))
            seen.cat = outcome;
        tell(event, known ? "" : "Cat: " + (seen.cat == outcome ? "answered" : std::string("no answer, she waits")));
    };
    look_at_cat("Cat connects and says \"anyone?\".", "answered at once");
    ann.hang_up();
    look_at_cat("Ann hangs up.", "waited for Ann to leave");
    ben.hang_up();
    look_at_cat("Ben hangs up.", "waited for Ann and Ben to leave");
    cat.hang_up();
    tell("Cat hangs up.", "");
}

// All say hello, then we look round until nobody new was answered for half a second.
void fill(ServerProcess& server, Seen& seen) {
    std::vector<EchoClient> crowd;
    for (std::size_t i = 0; i < crowd_size; ++i) {
        crowd.push_back(server.connect());
        crowd.back().send("hello");
    }
    auto last_news = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - last_news < 500ms && seen.served_together < crowd_size) {
        std::size_t answered = 0;
        for (const EchoClient& client : crowd)
            answered += client.hears_something_within(0ms) ? 1U : 0U;
        if (answered > seen.served_together)
            last_news = std::chrono::steady_clock::now();
        seen.served_together = answered;
    }
    tell("70 clients come and say \"hello\".", std::to_string(seen.served_together) + " of them answered");
}

void count_threads(ServerProcess& server, Seen& seen) {
    std::istringstream log(server.output());
    std::set<std::string> threads;
    for (std::string line; std::getline(log, line);)
        if (const std::size_t at = line.find(" on thread "); at != std::string::npos)
            threads.insert(line.substr(at));
    seen.threads = threads.size();
    tell("Threads that received and sent:", std::to_string(seen.threads));
}

void stop_in_the_middle(ServerProcess& server, Seen& seen) {
    EchoClient dora = server.connect();
    const std::string much(std::size_t{64} << 20, 'x');
    const std::size_t sent = dora.send_what_fits(much, 500ms); // until both directions are full
    server.ask_to_stop();
    std::size_t came = 0;
    try {
        for (std::string piece = "x"; !piece.empty() && came < sent; came += piece.size())
            piece = dora.receive_some();
    } catch (const WindowsError&) { // a reset: what came before it has come
    }
    if (came == sent)
        seen.dora = "all of it";
    tell("Dora sends much. The server stops.", "Her echo: " + seen.dora);
}

Seen play(const std::string& program) {
    Seen seen{to_utf8(std::filesystem::path(to_wide(program)).stem().wstring())};
    std::printf("\n%s\n", seen.stage.c_str());
    ServerProcess server(program, {"--port", "0", "--verbose"});
    play_scene(server, seen);
    fill(server, seen);
    count_threads(server, seen);
    stop_in_the_middle(server, seen);
    if (server.exit_code() != 0)
        throw std::runtime_error(seen.stage + " did not stop as it should");
    return seen;
}

} // namespace

int wmain(int argc, wchar_t* argv[]) {
    return run_program([&] {
        std::puts("Three clients, the same scene on every stage.");
        std::vector<Seen> all;
        for (int i = 1; i < argc; ++i)
            all.push_back(play(to_utf8(argv[i])));
        std::printf(
            "\n%-22s%-10s%-33s%-7s%-9s%s\n", "", "Ann", "Cat, behind silent Ben", "of 70", "threads", "at the stop");
        for (const Seen& seen : all)
            std::printf("%-22s%-10s%-33s%-7zu%-9zu%s\n", seen.stage.c_str(), seen.ann.c_str(), seen.cat.c_str(),
                seen.served_together, seen.threads, seen.dora.c_str());
    });
}
