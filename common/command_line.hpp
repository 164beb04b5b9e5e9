/// \file
/// How every program here reads its command line. CLI11 does it; only command_line.cpp sees that library.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

/// `--help` was asked for, and has been printed. No error: `run_program` makes it exit code 0.
class HelpWasAskedFor : public std::exception {};

/// The command line makes no sense; the text says why. `run_program` makes it exit code 2.
class WrongUsage : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The options of one program. Each is given a variable: it holds the default, and gets what the command line says.
/// A name with dashes is an option; one without is a word that stands alone.
class CommandLine {
public:
    /// \param about  one line for `--help`.
    explicit CommandLine(const std::string& about);
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;
    ~CommandLine();

    void port(const std::string& name, std::uint16_t& value, const std::string& help);
    /// An address, IPv4 or IPv6, as a number.
    void address(const std::string& name, std::string& value, const std::string& help);
    void number(const std::string& name, unsigned& value, const std::string& help, unsigned least, unsigned most);
    void flag(const std::string& name, bool& value, const std::string& help);
    void text(const std::string& name, std::string& value, const std::string& help);
    /// Empty if it was not given.
    void text(const std::string& name, std::optional<std::string>& value, const std::string& help);
    /// Must be given.
    void needed(const std::string& name, std::string& value, const std::string& help);
    void words(const std::string& name, std::vector<std::string>& values, const std::string& help);

    /// Fills the variables. The texts in them are UTF-8.
    /// \param argc, argv  as `wmain` got them.
    /// \throws HelpWasAskedFor, WrongUsage
    void read(int argc, const wchar_t* const argv[]);

private:
    std::unique_ptr<CLI::App> app_;
};
