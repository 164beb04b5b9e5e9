#include "common/event_log.hpp"

#include "common/address.hpp"
#include "common/error.hpp"

#include <new>

namespace {

// The connection broke. One and the same reset has one number from Winsock and another from a completion port.
bool is_reset(int error) {
    return error == WSAECONNRESET || error == WSAECONNABORTED || error == ERROR_NETNAME_DELETED ||
           error == ERROR_CONNECTION_ABORTED;
}

// The servers must go on without a line for which there is no memory.
template <class Line> void unless_memory_is_short(Line line) noexcept {
    try {
        line();
    } catch (const std::bad_alloc&) {
    }
}

} // namespace

void EventLog::listening(SOCKET listener) {
    lines_.write("listening on " + to_text(address_of(listener)));
}

void EventLog::opened(SOCKET client) noexcept {
    Address address;
    const bool known = ::getpeername(client, address.name(), &address.size) == 0; // it may have left
    const std::scoped_lock lock(mutex_);
    unless_memory_is_short([&] {
        open_.insert(client);
        lines_.write("Socket " + std::to_string(client) + " connected from " +
                     (known ? to_text(address) : "a client that left"));
    });
}

void EventLog::received(SOCKET client, std::size_t bytes) noexcept {
    moved(client, "received", bytes);
}

void EventLog::sent(SOCKET client, std::size_t bytes) noexcept {
    moved(client, "sent", bytes);
}

void EventLog::moved(SOCKET client, const char* verb, std::size_t bytes) noexcept {
    if (!verbose_)
        return;
    unless_memory_is_short([&] {
        lines_.write("Socket " + std::to_string(client) + " " + verb + " " + std::to_string(bytes) +
                     " bytes on thread " + std::to_string(::GetCurrentThreadId()));
    });
}

void EventLog::closing(SOCKET client, int why) noexcept {
    closed(client,
        [&] { return why == goodbye ? "goodbye" : (is_reset(why) ? "reset, " : "failed, ") + error_text(why); });
}

void EventLog::closing(SOCKET client, const std::exception& error) noexcept {
    closed(client, [&] { return std::string("failed, ") + error.what(); });
}

template <class Why> void EventLog::closed(SOCKET client, Why why) noexcept {
    const std::scoped_lock lock(mutex_);
    open_.erase(client);
    unless_memory_is_short([&] { lines_.write("Closing socket " + std::to_string(client) + ": " + why()); });
}

void EventLog::stopping(const std::string& how) {
    const std::scoped_lock lock(mutex_);
    for (const SOCKET client : open_)
        lines_.write("Closing socket " + std::to_string(client) + ": stop");
    open_.clear();
    if (!how.empty())
        lines_.write("stopped: " + how);
    lines_.finish();
}

void EventLog::problem(const char* call, int error) noexcept {
    unless_memory_is_short([&] { lines_.write(std::string(call) + " failed: " + error_text(error)); });
}

void EventLog::problem(const std::exception& error) noexcept {
    unless_memory_is_short([&] { lines_.write(error.what()); });
}
