// Makes a server into a watched one: its calls of Windows come here first.
//
// A call of a DLL goes through a pointer, which the linker finds in the DLL's import library: __imp_accept for accept. Here
// are pointers of the same names. So the linker takes these, and the server's object code stays as it is.
#include "tests/watch.hpp"

#include "common/accept_ex.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <span>
#include <string_view>

// The operators new and delete below need what is here, and this needs a little memory itself, once.
// NOLINTBEGIN(misc-no-recursion)
namespace {

// Memory that Windows has for as long as an operation is in flight.
struct Piece {
    const char* begin;
    std::size_t size;
};

// What the server has, so that what it does with it can be judged.
struct Watched {
    SharedWatch watch{::GetCurrentProcessId()};
    std::recursive_mutex mutex; // for the sets, which give memory back
    std::set<SOCKET> sockets;
    std::multimap<const OVERLAPPED*, Piece> in_flight;
    bool forgetting = false;                     // in_flight gives its own memory back, and cannot be asked meanwhile
    std::map<const OVERLAPPED*, SOCKET> accepts; // in flight with AcceptEx
    std::set<SOCKET> not_updated;                // accepted by AcceptEx, and not told so
    LPFN_ACCEPTEX accept_ex = nullptr;
};

std::atomic<int>& operations_in_flight() noexcept {
    static constinit std::atomic<int> count = 0;
    return count;
}

// It is never destroyed: memory is given back and calls are made even while the program ends.
Watched& watched() noexcept { // NOLINT(bugprone-exception-escape): without it there is nothing that could go on
    alignas(Watched) static std::array<std::byte, sizeof(Watched)> room; // operator new would ask for it again
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): all calls share it
    static Watched* const everything = std::construct_at(reinterpret_cast<Watched*>(room.data()));
    return *everything;
}

Watch& watch() noexcept {
    return *watched().watch.operator->();
}

void break_rule(std::string_view rule) noexcept {
    if (watch().broken.exchange(true))
        return; // the first one is enough
    rule.copy(watch().broken_rule.data(), watch().broken_rule.size() - 1);
    watch().told = true;
}

// The call in the DLL itself.
template <class Function> Function* in_dll(const wchar_t* dll, const char* name) {
    return reinterpret_cast<Function*>(reinterpret_cast<void*>(::GetProcAddress(::GetModuleHandleW(dll), name)));
}

// ---- Failing when told to ----------------------------------------------------------------------------------------

bool shall_fail(Call call) {
    return watch().fails_next.compare_exchange_strong(call, Call::none);
}

// True as often as the test has said.
bool shall_fail(std::atomic<int>& left) {
    for (int now = left; now > 0;)
        if (left.compare_exchange_weak(now, now - 1))
            return true;
    return false;
}

int fail() {
    ::WSASetLastError(watch().error);
    return SOCKET_ERROR;
}

// A call that goes well may leave any error behind. So an error that is asked for too late is this one.
template <class Result> Result well(Result result) {
    ::WSASetLastError(WSAEINVAL);
    return result;
}

// ---- Memory ------------------------------------------------------------------------------------------------------

// Large blocks, of the size of a connection or a coroutine's frame, stand at the end of pages of their own, and no address
// is given out twice. So who touches one that was given back, or the bytes behind it, is found out at once.
class Arena {
public:
    static constexpr std::size_t large = 120; // every connection, every frame of a conversation, and not much else

    [[nodiscard]] bool has(const void* block) const { return block >= begin_ && block < begin_ + size; }
    void* give(std::size_t bytes) {
        const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
        const std::size_t pages = (rounded + page - 1) / page * page;
        const std::size_t at = used_.fetch_add(pages + page); // the last page stays out of reach
        if (begin_ == nullptr || at + pages > size ||
            nullptr == ::VirtualAlloc(begin_ + at, pages, MEM_COMMIT, PAGE_READWRITE))
            throw std::bad_alloc();
        return begin_ + at + pages - rounded;
    }
    static void take_back(void* block) {
        MEMORY_BASIC_INFORMATION pages{};
        ::VirtualQuery(block, &pages, sizeof pages);
        ::VirtualFree(pages.BaseAddress, pages.RegionSize, MEM_DECOMMIT);
    }
    // How many bytes there are from here to the end of the block.
    static std::size_t size_of(const void* block) {
        MEMORY_BASIC_INFORMATION pages{};
        ::VirtualQuery(block, &pages, sizeof pages);
        return pages.RegionSize -
               static_cast<std::size_t>(static_cast<const char*>(block) - static_cast<char*>(pages.BaseAddress));
    }

private:
    static constexpr std::size_t size = std::size_t{1} << 30;
    static constexpr std::size_t page = 4096;
    static constexpr std::size_t alignment = 16;

    char* begin_ = static_cast<char*>(::VirtualAlloc(nullptr, size, MEM_RESERVE, PAGE_READWRITE));
    std::atomic<std::size_t> used_ = 0;
};

LONG CALLBACK on_exception(EXCEPTION_POINTERS* what);

Arena& arena() noexcept {
    static Arena only = [] {
        ::AddVectoredExceptionHandler(1, on_exception);
        return Arena();
    }();
    return only;
}

LONG CALLBACK on_exception(EXCEPTION_POINTERS* what) {
    const EXCEPTION_RECORD& record = *what->ExceptionRecord;
    if (record.ExceptionCode != EXCEPTION_ACCESS_VIOLATION ||
        !arena().has(reinterpret_cast<void*>(record.ExceptionInformation[1])))
        return EXCEPTION_CONTINUE_SEARCH;
    break_rule("memory is touched that was given back, or behind its end");
    ::TerminateProcess(::GetCurrentProcess(), 3);
    return EXCEPTION_CONTINUE_SEARCH;
}

void expect_nothing_in_flight_in(const void* block, std::size_t size) noexcept {
    if (operations_in_flight() == 0)
        return; // and nothing of `watched` is needed, which may not be there yet
    try {
        const auto* const begin = static_cast<const char*>(block);
        const std::scoped_lock lock(watched().mutex);
        if (watched().forgetting)
            return;
        for (const auto& [overlapped, piece] : watched().in_flight)
            if (piece.begin + piece.size > begin && piece.begin < begin + size) {
                watch().freed_in_flight = true;
                break_rule("memory is given back while its operation is in flight");
            }
    } catch (...) {
        break_rule("a lock failed");
    }
}

// ---- Operations --------------------------------------------------------------------------------------------------

void starts(const OVERLAPPED* overlapped, const DWORD* bytes, std::span<const WSABUF> buffers) {
    if (overlapped == nullptr)
        return;
    if (bytes != nullptr)
        break_rule("an overlapped operation gets a pointer for the number of bytes");
    const std::scoped_lock lock(watched().mutex);
    if (watched().in_flight.contains(overlapped))
        break_rule("an OVERLAPPED is used again while its operation is in flight");
    ++operations_in_flight();
    watched().in_flight.insert({overlapped, {reinterpret_cast<const char*>(overlapped), sizeof *overlapped}});
    for (const WSABUF& buffer : buffers)
        watched().in_flight.insert({overlapped, {buffer.buf, buffer.len}});
}

void has_ended(const OVERLAPPED* overlapped) {
    const std::scoped_lock lock(watched().mutex);
    watched().forgetting = true;
    if (watched().in_flight.erase(overlapped) > 0)
        --operations_in_flight();
    watched().forgetting = false;
}

// The server hears of it only when this returns, and must not think before that it has the memory.
void comes_home(const OVERLAPPED* overlapped) {
    ::Sleep(watch().late);
    has_ended(overlapped);
}

// Other threads may do what they like with the operation while this one has not come back from starting it.
int started(int result, const OVERLAPPED* overlapped) {
    const int error = ::WSAGetLastError();
    if (result == SOCKET_ERROR && error != WSA_IO_PENDING)
        has_ended(overlapped);
    ::Sleep(watch().pause);
    ::WSASetLastError(result == SOCKET_ERROR ? error : WSAEINVAL);
    return result;
}

// ---- The calls ---------------------------------------------------------------------------------------------------

const wchar_t* const winsock = L"ws2_32.dll";
const wchar_t* const kernel = L"kernel32.dll";

SOCKET WSAAPI watched_accept(SOCKET listener, sockaddr* name, int* size) {
    const SOCKET client = in_dll<decltype(::accept)>(winsock, "accept")(listener, name, size);
    if (client == INVALID_SOCKET)
        return client;
    if (shall_fail(Call::accept)) {
        in_dll<decltype(::closesocket)>(winsock, "closesocket")(client);
        fail();
        return INVALID_SOCKET;
    }
    const std::scoped_lock lock(watched().mutex);
    watched().sockets.insert(client);
    ++watch().sockets;
    return well(client);
}

BOOL PASCAL watched_AcceptEx(SOCKET listener, SOCKET client, void* addresses, DWORD room, DWORD local, DWORD remote,
    DWORD* bytes, OVERLAPPED* overlapped) {
    if (shall_fail(watch().left_before)) {
        ::WSASetLastError(WSAECONNRESET);
        return FALSE;
    }
    const WSABUF both{room + local + remote, static_cast<char*>(addresses)};
    starts(overlapped, nullptr, {&both, 1});
    {
        const std::scoped_lock lock(watched().mutex);
        watched().accepts[overlapped] = client;
    }
    const BOOL result = watched().accept_ex(listener, client, addresses, room, local, remote, bytes, overlapped);
    if (!result && ::WSAGetLastError() != ERROR_IO_PENDING) {
        const std::scoped_lock lock(watched().mutex);
        has_ended(overlapped);
        watched().accepts.erase(overlapped);
    }
    const int error = ::WSAGetLastError();
    ::Sleep(watch().pause_of_accepts); // as in `started`
    ::WSASetLastError(error);
    return result;
}

// True if the packet is that of an accept, whose socket counts from now on.
bool is_accepted(const OVERLAPPED* overlapped) {
    const std::scoped_lock lock(watched().mutex);
    const auto accept = watched().accepts.find(overlapped);
    if (accept == watched().accepts.end())
        return false;
    watched().sockets.insert(accept->second);
    watched().not_updated.insert(accept->second);
    ++watch().sockets;
    watched().accepts.erase(accept);
    return true;
}

int WSAAPI watched_closesocket(SOCKET socket) {
    {
        const std::scoped_lock lock(watched().mutex); // before it is closed: its number may be given out again at once
        watch().sockets -= static_cast<int>(watched().sockets.erase(socket));
        watched().not_updated.erase(socket);
    }
    const int result = in_dll<decltype(::closesocket)>(winsock, "closesocket")(socket);
    if (result == SOCKET_ERROR)
        break_rule("closesocket gets what is no open socket");
    return well(result);
}

int WSAAPI watched_recv(SOCKET socket, char* buffer, int size, int flags) {
    const int result = in_dll<decltype(::recv)>(winsock, "recv")(socket, buffer, size, flags);
    if (result == SOCKET_ERROR)
        return result;
    return shall_fail(Call::recv) ? fail() : well(result);
}

int WSAAPI watched_send(SOCKET socket, const char* buffer, int size, int flags) {
    if (shall_fail(Call::send))
        return fail();
    const int result = in_dll<decltype(::send)>(winsock, "send")(socket, buffer, size, flags);
    return result == SOCKET_ERROR ? result : well(result);
}

// Wine's sockets know of it at once. Those of Windows do not, and these calls fail there with WSAENOTCONN.
void expect_an_updated(SOCKET socket) {
    const std::scoped_lock lock(watched().mutex);
    if (watched().not_updated.contains(socket))
        break_rule("a socket of AcceptEx is used before SO_UPDATE_ACCEPT_CONTEXT was set");
}

bool is_open(SOCKET socket) {
    int type = 0;
    int size = sizeof type;
    return ::getsockopt(socket, SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type), &size) == 0;
}

// SO_UPDATE_ACCEPT_CONTEXT needs the listener. Wine does not look at it.
int WSAAPI watched_setsockopt(SOCKET socket, int level, int option, const char* value, int size) {
    if (level == SOL_SOCKET && option == SO_UPDATE_ACCEPT_CONTEXT) {
        auto listener = INVALID_SOCKET;
        if (size == sizeof listener)
            std::memcpy(&listener, value, sizeof listener);
        if (!is_open(listener)) {
            ::WSASetLastError(WSAENOTSOCK);
            return SOCKET_ERROR;
        }
        const std::scoped_lock lock(watched().mutex);
        watched().not_updated.erase(socket);
    }
    const int result = in_dll<decltype(::setsockopt)>(winsock, "setsockopt")(socket, level, option, value, size);
    return result == SOCKET_ERROR ? result : well(result);
}

int WSAAPI watched_shutdown(SOCKET socket, int half) {
    expect_an_updated(socket);
    const int result = in_dll<decltype(::shutdown)>(winsock, "shutdown")(socket, half);
    return result == SOCKET_ERROR ? result : well(result);
}

int WSAAPI watched_getpeername(SOCKET socket, sockaddr* name, int* size) {
    expect_an_updated(socket);
    const int result = in_dll<decltype(::getpeername)>(winsock, "getpeername")(socket, name, size);
    return result == SOCKET_ERROR ? result : well(result);
}

int WSAAPI watched_WSARecv(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* bytes, DWORD* flags,
    OVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    if (shall_fail(Call::WSARecv))
        return fail();
    starts(overlapped, bytes, {buffers, count});
    return started(
        in_dll<decltype(::WSARecv)>(winsock, "WSARecv")(socket, buffers, count, bytes, flags, overlapped, routine),
        overlapped);
}

int WSAAPI watched_WSASend(SOCKET socket, WSABUF* buffers, DWORD count, DWORD* bytes, DWORD flags,
    OVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    if (shall_fail(Call::WSASend))
        return fail();
    starts(overlapped, bytes, {buffers, count});
    return started(
        in_dll<decltype(::WSASend)>(winsock, "WSASend")(socket, buffers, count, bytes, flags, overlapped, routine),
        overlapped);
}

BOOL WSAAPI watched_WSAGetOverlappedResult(
    SOCKET socket, OVERLAPPED* overlapped, DWORD* bytes, BOOL wait, DWORD* flags) {
    const BOOL result = in_dll<decltype(::WSAGetOverlappedResult)>(winsock, "WSAGetOverlappedResult")(
        socket, overlapped, bytes, wait, flags);
    if (!result && ::WSAGetLastError() == WSA_IO_INCOMPLETE)
        return result;
    const int error = ::WSAGetLastError();
    comes_home(overlapped);
    if (shall_fail(Call::WSAGetOverlappedResult)) {
        fail();
        return FALSE;
    }
    ::WSASetLastError(result ? WSAEINVAL : error);
    return result;
}

WSAEVENT WSAAPI watched_WSACreateEvent() {
    if (shall_fail(Call::WSACreateEvent)) {
        fail();
        return WSA_INVALID_EVENT;
    }
    const WSAEVENT event = in_dll<decltype(::WSACreateEvent)>(winsock, "WSACreateEvent")();
    watch().events += event != WSA_INVALID_EVENT ? 1 : 0;
    return event;
}

BOOL WSAAPI watched_WSACloseEvent(WSAEVENT event) {
    const BOOL result = in_dll<decltype(::WSACloseEvent)>(winsock, "WSACloseEvent")(event);
    watch().events -= result ? 1 : 0;
    return well(result);
}

// AcceptEx comes by its address. Its packet is made to fail, as it does when the client has left.
int WSAAPI watched_WSAIoctl(SOCKET socket, DWORD code, void* in, DWORD in_size, void* out, DWORD out_size, DWORD* bytes,
    OVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
    const int result = in_dll<decltype(::WSAIoctl)>(winsock, "WSAIoctl")(
        socket, code, in, in_size, out, out_size, bytes, overlapped, routine);
    if (result == 0 && code == SIO_GET_EXTENSION_FUNCTION_POINTER && out_size == sizeof(LPFN_ACCEPTEX)) {
        watched().accept_ex = *static_cast<LPFN_ACCEPTEX*>(out);
        *static_cast<LPFN_ACCEPTEX*>(out) = watched_AcceptEx;
    }
    return result;
}

HANDLE WINAPI watched_CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads) {
    if (file != INVALID_HANDLE_VALUE && shall_fail(Call::CreateIoCompletionPort)) {
        fail();
        return nullptr;
    }
    return in_dll<decltype(::CreateIoCompletionPort)>(kernel, "CreateIoCompletionPort")(file, port, key, threads);
}

BOOL WINAPI watched_GetQueuedCompletionStatus(
    HANDLE port, DWORD* bytes, ULONG_PTR* key, OVERLAPPED** overlapped, DWORD limit) {
    const BOOL result = in_dll<decltype(::GetQueuedCompletionStatus)>(kernel, "GetQueuedCompletionStatus")(
        port, bytes, key, overlapped, limit);
    if (*overlapped == nullptr)
        return result;
    const DWORD error = ::GetLastError();
    comes_home(*overlapped);
    const Call call = is_accepted(*overlapped) ? Call::accept : Call::GetQueuedCompletionStatus;
    if (result && shall_fail(call)) {
        *bytes = 0;
        fail();
        return FALSE;
    }
    ::SetLastError(error);
    return result;
}

// Much may happen between the decision to cancel and the call.
BOOL WINAPI watched_CancelIoEx(HANDLE file, OVERLAPPED* overlapped) {
    ::Sleep(watch().pause_before_cancel);
    return in_dll<decltype(::CancelIoEx)>(kernel, "CancelIoEx")(file, overlapped);
}

BOOL WINAPI watched_CloseHandle(HANDLE handle) {
    {
        const std::scoped_lock lock(watched().mutex);
        if (watched().sockets.erase(reinterpret_cast<SOCKET>(handle)) > 0) {
            break_rule("CloseHandle gets a socket: that is for closesocket");
            --watch().sockets;
        }
    }
    return in_dll<decltype(::CloseHandle)>(kernel, "CloseHandle")(handle);
}

} // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the names are those of the import libraries
extern "C" {
extern const decltype(&::accept) __imp_accept;
extern const decltype(&::closesocket) __imp_closesocket;
extern const decltype(&::recv) __imp_recv;
extern const decltype(&::send) __imp_send;
extern const decltype(&::setsockopt) __imp_setsockopt;
extern const decltype(&::shutdown) __imp_shutdown;
extern const decltype(&::getpeername) __imp_getpeername;
extern const decltype(&::WSARecv) __imp_WSARecv;
extern const decltype(&::WSASend) __imp_WSASend;
extern const decltype(&::WSAGetOverlappedResult) __imp_WSAGetOverlappedResult;
extern const decltype(&::WSAIoctl) __imp_WSAIoctl;
extern const decltype(&::WSACreateEvent) __imp_WSACreateEvent;
extern const decltype(&::WSACloseEvent) __imp_WSACloseEvent;
extern const decltype(&::CreateIoCompletionPort) __imp_CreateIoCompletionPort;
extern const decltype(&::GetQueuedCompletionStatus) __imp_GetQueuedCompletionStatus;
extern const decltype(&::CancelIoEx) __imp_CancelIoEx;
extern const decltype(&::CloseHandle) __imp_CloseHandle;

const decltype(&::accept) __imp_accept = watched_accept;
const decltype(&::closesocket) __imp_closesocket = watched_closesocket;
const decltype(&::recv) __imp_recv = watched_recv;
const decltype(&::send) __imp_send = watched_send;
const decltype(&::setsockopt) __imp_setsockopt = watched_setsockopt;
const decltype(&::shutdown) __imp_shutdown = watched_shutdown;
const decltype(&::getpeername) __imp_getpeername = watched_getpeername;
const decltype(&::WSARecv) __imp_WSARecv = watched_WSARecv;
const decltype(&::WSASend) __imp_WSASend = watched_WSASend;
const decltype(&::WSAGetOverlappedResult) __imp_WSAGetOverlappedResult = watched_WSAGetOverlappedResult;
const decltype(&::WSAIoctl) __imp_WSAIoctl = watched_WSAIoctl;
const decltype(&::WSACreateEvent) __imp_WSACreateEvent = watched_WSACreateEvent;
const decltype(&::WSACloseEvent) __imp_WSACloseEvent = watched_WSACloseEvent;
const decltype(&::CreateIoCompletionPort) __imp_CreateIoCompletionPort = watched_CreateIoCompletionPort;
const decltype(&::GetQueuedCompletionStatus) __imp_GetQueuedCompletionStatus = watched_GetQueuedCompletionStatus;
const decltype(&::CancelIoEx) __imp_CancelIoEx = watched_CancelIoEx;
const decltype(&::CloseHandle) __imp_CloseHandle = watched_CloseHandle;
}
// NOLINTEND(bugprone-reserved-identifier)

void* operator new(std::size_t size) {
    if (size >= Arena::large) {
        if (shall_fail(watch().refusals))
            throw std::bad_alloc();
        ++watch().blocks;
        return arena().give(size);
    }
    if (void* const block = ::HeapAlloc(::GetProcessHeap(), 0, size))
        return block;
    throw std::bad_alloc();
}

void operator delete(void* block) noexcept {
    if (block == nullptr)
        return;
    if (!arena().has(block)) {
        expect_nothing_in_flight_in(block, ::HeapSize(::GetProcessHeap(), 0, block));
        ::HeapFree(::GetProcessHeap(), 0, block);
        return;
    }
    expect_nothing_in_flight_in(block, Arena::size_of(block));
    --watch().blocks;
    Arena::take_back(block);
}

void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
}
// NOLINTEND(misc-no-recursion)
