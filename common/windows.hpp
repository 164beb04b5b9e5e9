/// \file
/// The Windows headers, in the one order that works: winsock2.h before windows.h, which would otherwise bring in the
/// older winsock.h. The build defines WIN32_LEAN_AND_MEAN and NOMINMAX for every file.
#pragma once

// clang-format off
// IWYU pragma: begin_exports
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
// IWYU pragma: end_exports
// clang-format on
