#include "common/accept_ex.hpp"

#include "common/error.hpp"

LPFN_ACCEPTEX accept_ex_of(SOCKET listener) {
    LPFN_ACCEPTEX function = nullptr;
    GUID name = WSAID_ACCEPTEX;
    DWORD bytes = 0;
    if (::WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &name, sizeof name, &function, sizeof function, &bytes,
            nullptr, nullptr) == SOCKET_ERROR)
        throw WindowsError("asking for AcceptEx", ::WSAGetLastError());
    return function;
}
