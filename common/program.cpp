#include "common/program.hpp"

#include "common/command_line.hpp"

#include <cstdio>
#include <exception>

ServerOptions read_server_options(
    int argc, char* argv[], const std::string& about, const std::vector<NumberOption>& more) {
    ServerOptions options;
    CommandLine app(about);
    app.add_option("--port", options.port, "the port to listen on; 0 takes a free one");
    app.add_option("--address", options.address, "the IPv4 address to listen on")->check(CLI::ValidIPV4);
    app.add_flag("--verbose", options.verbose, "log each receive and send too");
    for (const NumberOption& option : more)
        app.add_option(option.name, option.value, option.help)->check(CLI::Range(1U, option.most));
    app.read(argc, argv);
    return options;
}

int run_program(const std::function<void()>& body) noexcept {
    const auto complain = [](const std::exception& problem) { std::fprintf(stderr, "%s\n", problem.what()); };
    try {
        body();
        return 0;
    } catch (const CLI::Success&) {
        return 0;
    } catch (const CLI::ParseError& wrong_usage) {
        complain(wrong_usage);
        return 2;
    } catch (const std::exception& problem) {
        complain(problem);
        return 1;
    }
}
