/// \file
/// How every program here reads its command line: with CLI11, set up in one place.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdio>
#include <string>

/// Options start with dashes only: on Windows CLI11 also takes `/word` for one, and could not be told a Unix path.
class CommandLine : public CLI::App {
public:
    /// \param about  one line for `--help`.
    explicit CommandLine(const std::string& about) : CLI::App(about) {
        allow_windows_style_options(false);
        option_defaults()->always_capture_default();
    }

    /// Fills the variables that the options were given. `--help` and wrong usage leave through an exception that
    /// `run_program` understands.
    void read(int argc, char* argv[]) {
        try {
            parse(argc, argv);
        } catch (const CLI::CallForHelp&) {
            std::fputs(help().c_str(), stdout);
            throw;
        }
    }
};
