#include "common/error.hpp"

#include "common/text.hpp"

#include <array>

namespace {

const char* name_of(int error) {
    switch (error) {
    case ERROR_NETNAME_DELETED:
        return "ERROR_NETNAME_DELETED";
    case ERROR_OPERATION_ABORTED:
        return "ERROR_OPERATION_ABORTED";
    case ERROR_CONNECTION_ABORTED:
        return "ERROR_CONNECTION_ABORTED";
    case WSAEACCES:
        return "WSAEACCES";
    case WSAEMFILE:
        return "WSAEMFILE";
    case WSAEADDRINUSE:
        return "WSAEADDRINUSE";
    case WSAEADDRNOTAVAIL:
        return "WSAEADDRNOTAVAIL";
    case WSAECONNABORTED:
        return "WSAECONNABORTED";
    case WSAECONNRESET:
        return "WSAECONNRESET";
    case WSAENOBUFS:
        return "WSAENOBUFS";
    case WSAETIMEDOUT:
        return "WSAETIMEDOUT";
    case WSAECONNREFUSED:
        return "WSAECONNREFUSED";
    default:
        return "error";
    }
}

} // namespace

std::string error_text(int error) {
    std::array<wchar_t, 512> text{};
    const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    const DWORD length = ::FormatMessageW(
        flags, nullptr, static_cast<DWORD>(error), 0, text.data(), static_cast<DWORD>(text.size()), nullptr);
    std::string sentence = to_utf8({text.data(), length});
    sentence.erase(sentence.find_last_not_of(" \r\n") + 1);
    return name_of(error) + (" (" + std::to_string(error) + ")") + (sentence.empty() ? "" : ": " + sentence);
}

WindowsError::WindowsError(const std::string& what, int error)
    : std::runtime_error(what + " failed: " + error_text(error)) {}
