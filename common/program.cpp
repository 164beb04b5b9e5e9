#include "common/program.hpp"

#include "common/command_line.hpp"
#include "common/text.hpp"
#include "common/windows.hpp"

#ifdef _MSC_VER
#include <crtdbg.h>
#include <cstdio>
#endif
#include <cstdlib>
#include <exception>

ServerOptions read_server_options(
    int argc, wchar_t* argv[], const std::string& about, const std::vector<NumberOption>& more) {
    ServerOptions options;
    CommandLine line(about);
    line.port("--port", options.port, "the port to listen on; 0 takes a free one");
    line.address("--address", options.address, "the address to listen on, as a number");
    line.flag("--verbose", options.verbose, "log each receive and send too");
    for (const NumberOption& option : more)
        line.number(option.name, option.value, option.help, 1, option.most);
    line.read(argc, argv);
    return options;
}

namespace {

void show_no_windows_at_a_fault() {
    ::SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
#ifdef _MSC_VER
    ::_set_abort_behavior(0, _WRITE_ABORT_MSG | _CALL_REPORTFAULT);
#ifdef _DEBUG // a fault in the heap, or in the use of the library, that its debug version has found
    ::_CrtSetReportHook([](int kind, char* report, int*) -> int {
        if (kind == _CRT_WARN)
            return FALSE; // not for us
        std::fputs(report, stderr);
        std::_Exit(EXIT_FAILURE);
    });
#endif
#endif
}

int complain(const std::exception& problem, int exit_code) {
    print(problem.what() + std::string("\n"), stderr);
    return exit_code;
}

} // namespace

int run_program(const std::function<void()>& body) noexcept {
    show_no_windows_at_a_fault();
    try {
        body();
        return 0;
    } catch (const HelpWasAskedFor&) {
        return 0;
    } catch (const WrongUsage& wrong_usage) {
        return complain(wrong_usage, 2);
    } catch (const std::exception& problem) {
        return complain(problem, 1);
    }
}
