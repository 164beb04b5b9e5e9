#include "common/text.hpp"

#include "common/windows.hpp"

#include <new>

// Both calls count in int. The texts here are lines, names and command lines: never two thousand million letters.

std::wstring to_wide(std::string_view text) {
    const int size = static_cast<int>(text.size());
    std::wstring wide(
        static_cast<std::size_t>(::MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0)), L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, text.data(), size, wide.data(), static_cast<int>(wide.size()));
    return wide;
}

std::string to_utf8(std::wstring_view text) {
    const int size = static_cast<int>(text.size());
    const int bytes = ::WideCharToMultiByte(CP_UTF8, 0, text.data(), size, nullptr, 0, nullptr, nullptr);
    std::string narrow(static_cast<std::size_t>(bytes), '\0');
    ::WideCharToMultiByte(CP_UTF8, 0, text.data(), size, narrow.data(), bytes, nullptr, nullptr);
    return narrow;
}

// Not with std::fwrite: a thread that waits in there holds a lock of the run-time library, and the end of the process
// would wait for that lock.
void print(std::string_view text, std::FILE* stream) noexcept {
    std::fflush(stream); // what others have written there comes before
    const HANDLE output = ::GetStdHandle(stream == stderr ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE);
    DWORD mode = 0;
    DWORD written = 0;
    try {
        if (::GetConsoleMode(output, &mode)) { // only a console has one
            const std::wstring wide = to_wide(text);
            ::WriteConsoleW(output, wide.data(), static_cast<DWORD>(wide.size()), &written, nullptr);
            return;
        }
        std::string bytes;
        for (const char letter : text) {
            if (letter == '\n')
                bytes += '\r';
            bytes += letter;
        }
        ::WriteFile(output, bytes.data(), static_cast<DWORD>(bytes.size()), &written, nullptr); // all, or it is broken
    } catch (const std::bad_alloc&) { // there is no memory to write it with
    }
}
