/// \file
/// What Windows says when a call fails: a number, made into a sentence in one place.
#pragma once

#include "common/windows.hpp"

#include <stdexcept>
#include <string>

/// An error's name, its number and the system's own text: `WSAEADDRINUSE (10048): Only one usage of each ...`.
/// The name is there for the errors that these servers meet; Wine has no text for some of them. The text is in the
/// language of this Windows, as UTF-8.
/// `std::system_category().message()` is not used: under MinGW it does not know the numbers of Winsock.
/// \param error  from WSAGetLastError or GetLastError.
/// See https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-formatmessagew
[[nodiscard]] std::string error_text(int error);

/// A Windows call that failed and that the program cannot go on without.
class WindowsError : public std::runtime_error {
public:
    /// \param what   what was tried, such as `"bind to 127.0.0.1:5150"`.
    /// \param error  the error's number. Ask for it at once: the next Windows call may overwrite it.
    WindowsError(const std::string& what, int error);
    /// For a call that reports through GetLastError rather than WSAGetLastError, whose numbers are unsigned.
    WindowsError(const std::string& what, DWORD error) : WindowsError(what, static_cast<int>(error)) {}
};
