/// \file
/// The address of one end of a connection: as people write it, and as Winsock takes it.
#pragma once

#include "common/windows.hpp"

#include <cstdint>
#include <string>

/// The two numbers of an IPv4 end point in the form that Winsock takes.
/// \param address  four numbers with dots, such as `127.0.0.1`; names are not looked up.
/// \throws std::runtime_error if `address` is something else.
[[nodiscard]] sockaddr_in to_sockaddr(const std::string& address, std::uint16_t port);

/// `127.0.0.1:5150`
[[nodiscard]] std::string to_text(const sockaddr_in& name);
