#include "common/stop_signal.hpp"

#include "common/error.hpp"

std::string stop_event_name(DWORD process_id) {
    return "Local\\echo-server-stop-" + std::to_string(process_id);
}

// Windows passes it no data of ours, so it finds the event by its name.
BOOL WINAPI StopSignal::on_console_event(DWORD what) {
    const KernelObject event(::OpenEventA(EVENT_MODIFY_STATE, FALSE, stop_event_name(::GetCurrentProcessId()).c_str()));
    if (!event || !::SetEvent(event.get()))
        return FALSE; // not handled: Windows ends the process
    // After these two Windows would be done, but it ends the process as soon as this function returns from a closed
    // console. So wait here while main finishes; when main returns, the process ends and this thread with it.
    if (what != CTRL_C_EVENT && what != CTRL_BREAK_EVENT)
        ::Sleep(INFINITE);
    return TRUE;
}

StopSignal::StopSignal()
    : event_(::CreateEventA(nullptr, TRUE, FALSE, stop_event_name(::GetCurrentProcessId()).c_str())) {
    if (!event_)
        throw WindowsError("making the stop event", ::GetLastError());
    static const BOOL registered = ::SetConsoleCtrlHandler(on_console_event, TRUE); // once, however many live
    if (!registered)
        throw WindowsError("listening for Ctrl+C", ::GetLastError());
}

bool StopSignal::requested() const noexcept {
    return ::WaitForSingleObject(event_.get(), 0) == WAIT_OBJECT_0;
}

bool StopSignal::comes_within(std::chrono::milliseconds limit) noexcept {
    return ::WaitForSingleObject(event_.get(), static_cast<DWORD>(limit.count())) == WAIT_OBJECT_0 &&
           ::ResetEvent(event_.get()) != FALSE;
}

void StopSignal::wait() const noexcept {
    ::WaitForSingleObject(event_.get(), INFINITE);
}
