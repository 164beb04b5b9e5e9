/// \file
/// Text in any language. Inside these programs it is UTF-8; where Windows is called, and on a console, it is UTF-16.
/// The calls of Windows that end in A would take it for the machine's own code page, in which most letters are missing.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

/// UTF-8 as UTF-16, for the calls of Windows that end in W. What is no UTF-8 becomes U+FFFD.
/// See https://learn.microsoft.com/windows/win32/api/stringapiset/nf-stringapiset-multibytetowidechar
[[nodiscard]] std::wstring to_wide(std::string_view text);

/// UTF-16 as UTF-8.
/// See https://learn.microsoft.com/windows/win32/api/stringapiset/nf-stringapiset-widechartomultibyte
[[nodiscard]] std::string to_utf8(std::wstring_view text);

/// Writes `text` at once: whoever waits for it at the other end of a pipe gets it now. A console is given the letters
/// themselves, whatever its code page; a pipe or a file is given UTF-8, with the line ends of Windows. If there is no
/// such stream, or nobody can read it any more, or there is no memory, nothing happens.
/// \param stream  stdout or stderr.
/// See https://learn.microsoft.com/windows/console/writeconsole
void print(std::string_view text, std::FILE* stream = stdout) noexcept;
