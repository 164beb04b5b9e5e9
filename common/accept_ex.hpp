/// \file
/// AcceptEx.
#pragma once

#include "common/windows.hpp"

// After the other Windows headers.
#include <mswsock.h>

/// The address of AcceptEx. It is asked for, because the function of this name in mswsock.dll asks for it at each call.
/// \throws WindowsError if there is none.
/// See https://learn.microsoft.com/windows/win32/api/mswsock/nf-mswsock-acceptex
[[nodiscard]] LPFN_ACCEPTEX accept_ex_of(SOCKET listener);
