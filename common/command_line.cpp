#include "common/command_line.hpp"

#include "common/address.hpp"
#include "common/text.hpp"

#include <filesystem>
#include <stdexcept>

#include <CLI/CLI.hpp>

CommandLine::CommandLine(const std::string& about) : app_(std::make_unique<CLI::App>(about)) {
    // Options start with dashes only: on Windows CLI11 also takes /word for one, and could not be told a Unix path.
    app_->allow_windows_style_options(false);
    app_->option_defaults()->always_capture_default();
}

CommandLine::~CommandLine() = default; // here, where CLI::App is known

void CommandLine::port(const std::string& name, std::uint16_t& value, const std::string& help) {
    app_->add_option(name, value, help);
}

void CommandLine::address(const std::string& name, std::string& value, const std::string& help) {
    const auto is_numeric = [](const std::string& given) {
        try {
            static_cast<void>(to_address(given, 0));
            return std::string();
        } catch (const std::runtime_error& problem) {
            return std::string(problem.what());
        }
    };
    app_->add_option(name, value, help)->check(CLI::Validator(is_numeric, "IPv4 or IPv6"));
}

void CommandLine::number(
    const std::string& name, unsigned& value, const std::string& help, unsigned least, unsigned most) {
    app_->add_option(name, value, help)->check(CLI::Range(least, most));
}

void CommandLine::flag(const std::string& name, bool& value, const std::string& help) {
    app_->add_flag(name, value, help);
}

void CommandLine::text(const std::string& name, std::string& value, const std::string& help) {
    app_->add_option(name, value, help);
}

void CommandLine::text(const std::string& name, std::optional<std::string>& value, const std::string& help) {
    app_->add_option_function<std::string>(
        name, [&value](const std::string& given) { value = given; }, help);
}

void CommandLine::needed(const std::string& name, std::string& value, const std::string& help) {
    app_->add_option(name, value, help)->required();
}

void CommandLine::words(const std::string& name, std::vector<std::string>& values, const std::string& help) {
    app_->add_option(name, values, help);
}

void CommandLine::read(int argc, const wchar_t* const argv[]) {
    app_->name(to_utf8(std::filesystem::path(argv[0]).stem().wstring()));
    std::vector<std::string> last_first; // the order that CLI11 wants
    for (int i = argc - 1; i > 0; --i)
        last_first.push_back(to_utf8(argv[i]));
    try {
        app_->parse(last_first);
    } catch (const CLI::CallForHelp&) {
        print(app_->help());
        throw HelpWasAskedFor();
    } catch (const CLI::ParseError& problem) {
        throw WrongUsage(problem.what());
    }
}
