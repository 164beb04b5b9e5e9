/// \file
/// The outside of every program here: its options, its exit codes, and the one line it says when it cannot go on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// What every echo server can be told on its command line.
struct ServerOptions {
    std::string address = "127.0.0.1"; ///< the address to listen on: this machine only, if not told
    std::uint16_t port = 5150;         ///< 0: a free one, which the first line then names
    bool verbose = false;              ///< a line for each receive and send as well
};

/// One more option with a number, for a server that has more to tell.
struct NumberOption {
    std::string name; ///< with its dashes, such as `"--workers"`
    unsigned& value;  ///< holds the default, and gets the number from the command line
    std::string help; ///< one line for `--help`
    unsigned most;    ///< the smallest is 1
};

/// Reads a server's command line. `--help` and wrong usage leave through an exception that `run_program` understands.
/// \param argc, argv  as `wmain` got them: Windows keeps command lines in UTF-16, so every letter is in them.
/// \param about       one line: what this server shows.
[[nodiscard]] ServerOptions read_server_options(
    int argc, wchar_t* argv[], const std::string& about, const std::vector<NumberOption>& more = {});

/// Runs `body` and turns the ways it can end into exit codes: 0 when it returns or when `--help` was asked for; 2 for
/// wrong usage; 1 for every other exception. The last two print one line to standard error.
///
/// A fault of the program itself, such as a failed assert, must end it too, and not open a window that waits for
/// somebody to click: the reports of the run-time library go to standard error.
/// See https://learn.microsoft.com/cpp/c-runtime-library/reference/crtsetreporthook and
/// https://learn.microsoft.com/windows/win32/api/errhandlingapi/nf-errhandlingapi-seterrormode
[[nodiscard]] int run_program(const std::function<void()>& body) noexcept;
