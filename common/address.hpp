/// \file
/// The address of one end of a connection: as people write it, and as Winsock takes it.
#pragma once

#include "common/windows.hpp"

#include <cstdint>
#include <string>

/// An end point, IPv4 or IPv6, in the form that Winsock takes: memory that is large enough for both, and how much is used.
/// See https://learn.microsoft.com/windows/win32/winsock/sockaddr-2
struct Address {
    sockaddr_storage storage{};
    int size = sizeof storage;

    [[nodiscard]] int family() const noexcept { return storage.ss_family; } ///< AF_INET or AF_INET6
    [[nodiscard]] const sockaddr* name() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
    [[nodiscard]] sockaddr* name() noexcept {
        return reinterpret_cast<sockaddr*>(&storage);
    } ///< for a call that fills it
};

/// \param address  a number, such as `127.0.0.1` or `::1`; names are not looked up.
/// \throws std::runtime_error if `address` is something else.
[[nodiscard]] Address to_address(const std::string& address, std::uint16_t port);

/// Where a listener listens. Its clients' sockets must have the same family.
/// \throws WindowsError if it is no socket with an address.
/// See https://learn.microsoft.com/windows/win32/api/winsock/nf-winsock-getsockname
[[nodiscard]] Address address_of(SOCKET listener);

/// `127.0.0.1:5150` or `[::1]:5150`
[[nodiscard]] std::string to_text(const Address& address);
