#include "common/address.hpp"

#include <array>
#include <stdexcept>

sockaddr_in to_sockaddr(const std::string& address, std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = ::htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1)
        throw std::runtime_error("'" + address + "' is not an IPv4 address");
    return name;
}

std::string to_text(const sockaddr_in& name) {
    std::array<char, INET_ADDRSTRLEN> address{};
    ::inet_ntop(AF_INET, &name.sin_addr, address.data(), address.size());
    return std::string(address.data()) + ":" + std::to_string(::ntohs(name.sin_port));
}
