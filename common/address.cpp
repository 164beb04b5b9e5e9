#include "common/address.hpp"

#include "common/error.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

namespace {

// The bytes of the number, which stand at another place in each family.
template <class Name> Address filled(const Name& name) {
    Address address;
    std::memcpy(&address.storage, &name, sizeof name);
    address.size = sizeof name;
    return address;
}

} // namespace

Address to_address(const std::string& address, std::uint16_t port) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = ::htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1)
        return filled(v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = ::htons(port);
    if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1)
        return filled(v6);
    throw std::runtime_error("'" + address + "' is not a numeric IPv4 or IPv6 address");
}

Address address_of(SOCKET listener) {
    Address address;
    if (::getsockname(listener, address.name(), &address.size) == SOCKET_ERROR)
        throw WindowsError("asking for the listener's address", ::WSAGetLastError());
    return address;
}

std::string to_text(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> number{};
    if (address.family() == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address.storage, sizeof v6);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, number.data(), number.size());
        return "[" + std::string(number.data()) + "]:" + std::to_string(::ntohs(v6.sin6_port));
    }
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, number.data(), number.size());
    return std::string(number.data()) + ":" + std::to_string(::ntohs(v4.sin_port));
}
