/// \file
/// Owning handles. Windows has many kinds of handle; each kind has its own value for "none" and its own way to be
/// closed. One template does the owning, and one small description per kind says these two things.
#pragma once

#include "common/windows.hpp"

#include <cassert>
#include <utility>

/// Owns one handle and closes it once. It can be moved, not copied: a handle has one owner at a time.
/// \tparam Kind  gives `Raw` (the Windows type), `none()` (its empty value) and `close()` (returns false on failure).
template <class Kind> class UniqueHandle {
public:
    using Raw = typename Kind::Raw;

    UniqueHandle() noexcept = default;
    /// Takes over `raw`, which may be the empty value that a failed Windows call returned: test with `if (handle)`.
    explicit UniqueHandle(Raw raw) noexcept : raw_(raw) {}
    UniqueHandle(UniqueHandle&& other) noexcept : raw_(std::exchange(other.raw_, Kind::none())) {}
    UniqueHandle& operator=(UniqueHandle&& other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }
    UniqueHandle(const UniqueHandle&) = delete;
    UniqueHandle& operator=(const UniqueHandle&) = delete;
    ~UniqueHandle() {
        if (raw_ == Kind::none())
            return;
        // Closing one of these fails through a mistake of this program, as a rule: it was closed already, or Winsock was.
        [[maybe_unused]] const bool closed = Kind::close(raw_);
        assert(closed);
    }

    /// The handle itself, for Windows calls. It stays owned here: do not close it.
    [[nodiscard]] Raw get() const noexcept { return raw_; }
    /// Gives the handle away: whoever takes it closes it.
    [[nodiscard]] Raw release() noexcept { return std::exchange(raw_, Kind::none()); }
    /// False if there is no handle, for example because the call that should make it failed.
    explicit operator bool() const noexcept { return raw_ != Kind::none(); }

private:
    Raw raw_ = Kind::none();
};

/// A socket. "None" is INVALID_SOCKET; 0 can be a real socket, and the type is unsigned, so never test for `< 0`.
/// See https://learn.microsoft.com/windows/win32/winsock/socket-data-type-2
struct SocketKind {
    using Raw = SOCKET;
    static Raw none() noexcept { return INVALID_SOCKET; }
    static bool close(Raw raw) noexcept { return ::closesocket(raw) == 0; }
};

/// A Winsock event. "None" is WSA_INVALID_EVENT.
/// See https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsacreateevent
struct EventKind {
    using Raw = WSAEVENT;
    static Raw none() noexcept { return WSA_INVALID_EVENT; }
    static bool close(Raw raw) noexcept { return ::WSACloseEvent(raw) != FALSE; }
};

/// A completion port, a process, a thread, a job: kernel objects whose "none" is a null pointer. (Files differ: their
/// "none" is INVALID_HANDLE_VALUE, so they would need a kind of their own.)
/// See https://learn.microsoft.com/windows/win32/api/handleapi/nf-handleapi-closehandle
struct KernelObjectKind {
    using Raw = HANDLE;
    static Raw none() noexcept { return nullptr; }
    static bool close(Raw raw) noexcept { return ::CloseHandle(raw) != FALSE; }
};

using Socket = UniqueHandle<SocketKind>;
using Event = UniqueHandle<EventKind>;
using KernelObject = UniqueHandle<KernelObjectKind>;
