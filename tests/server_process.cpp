#include "tests/server_process.hpp"

#include "common/error.hpp"
#include "common/stop_signal.hpp"
#include "common/text.hpp"

#include <psapi.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>

Transcript::Transcript() {
    HANDLE read_end = nullptr;
    HANDLE write_end = nullptr;
    if (!::CreatePipe(&read_end, &write_end, nullptr, 0))
        throw WindowsError("making a pipe", ::GetLastError());
    read_end_ = KernelObject(read_end);
    write_end_ = KernelObject(write_end);
    if (!::SetHandleInformation(write_end, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT))
        throw WindowsError("making a pipe inheritable", ::GetLastError());
}

void Transcript::start_reading() {
    write_end_ = KernelObject{};
    reader_ = std::jthread([this] {
        std::array<char, 4096> buffer;
        DWORD got = 0;
        while (::ReadFile(read_end_.get(), buffer.data(), static_cast<DWORD>(buffer.size()), &got, nullptr)) {
            std::unique_lock lock(mutex_);
            std::remove_copy(buffer.data(), buffer.data() + got, std::back_inserter(text_), '\r');
            changed_.notify_all();
            changed_.wait(lock, [this] { return !paused_; });
            if (leaves_)
                break;
        }
        const std::scoped_lock lock(mutex_);
        read_end_ = KernelObject{};
        ended_ = true;
        changed_.notify_all();
    });
}

void Transcript::pause() {
    const std::scoped_lock lock(mutex_);
    paused_ = true;
}

void Transcript::read_on() {
    const std::scoped_lock lock(mutex_);
    paused_ = false;
    changed_.notify_all();
}

void Transcript::leave() {
    const std::scoped_lock lock(mutex_);
    leaves_ = true;
}

std::string Transcript::text() {
    const std::scoped_lock lock(mutex_);
    return text_;
}

bool Transcript::shows(const std::string& part, std::chrono::milliseconds limit, std::size_t times) {
    std::size_t found = 0;
    std::size_t from = 0;
    const auto enough = [&] {
        for (std::size_t at = text_.find(part, from); at != std::string::npos && found < times;
             at = text_.find(part, from)) {
            from = at + part.size();
            ++found;
        }
        return found >= times;
    };
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, limit, [&] { return enough() || ended_; });
    return found >= times;
}

std::string Transcript::whole_text() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, EchoClient::patience, [&] { return ended_; }))
        throw std::runtime_error("expected the program to end, but it still runs and has printed:\n" + text_);
    return text_;
}

namespace {

// Which handles a new process inherits: exactly these.
class InheritanceList {
public:
    explicit InheritanceList(std::array<HANDLE, 2> handles) : handles_(handles) {
        SIZE_T size = 0;
        ::InitializeProcThreadAttributeList(nullptr, 1, 0, &size); // asks for the size, and fails
        memory_.resize(size);
        if (!::InitializeProcThreadAttributeList(get(), 1, 0, &size) ||
            !::UpdateProcThreadAttribute(
                get(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles_.data(), sizeof handles_, nullptr, nullptr))
            throw WindowsError("listing the handles to inherit", ::GetLastError());
    }
    InheritanceList(const InheritanceList&) = delete;
    InheritanceList& operator=(const InheritanceList&) = delete;
    ~InheritanceList() { ::DeleteProcThreadAttributeList(get()); }

    [[nodiscard]] LPPROC_THREAD_ATTRIBUTE_LIST get() {
        return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.data());
    }

private:
    std::array<HANDLE, 2> handles_; // Windows keeps a pointer to it
    std::vector<char> memory_;
};

KernelObject make_job_that_ends_its_processes() {
    KernelObject job(::CreateJobObjectA(nullptr, nullptr));
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (!job || !::SetInformationJobObject(job.get(), JobObjectExtendedLimitInformation, &limits, sizeof limits))
        throw WindowsError("making a job", ::GetLastError());
    return job;
}

} // namespace

ServerProcess::ServerProcess(const std::string& program, const std::vector<std::string>& options, Console console)
    : job_(make_job_that_ends_its_processes()) {
    std::string words = '"' + program + '"';
    for (const std::string& option : options)
        words += " \"" + option + '"';
    std::wstring command_line = to_wide(words);

    InheritanceList inherited({out_.write_end(), err_.write_end()});
    STARTUPINFOEXW start{};
    start.StartupInfo.cb = sizeof start;
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES | STARTF_USESHOWWINDOW;
    start.StartupInfo.wShowWindow = SW_HIDE; // of a console of its own
    start.StartupInfo.hStdOutput = out_.write_end();
    start.StartupInfo.hStdError = err_.write_end();
    start.lpAttributeList = inherited.get();
    PROCESS_INFORMATION started{};
    const DWORD flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_SUSPENDED |
                        (console == Console::its_own ? static_cast<DWORD>(CREATE_NEW_CONSOLE) : 0);
    if (!::CreateProcessW(nullptr, command_line.data(), nullptr, nullptr, TRUE, flags, nullptr, nullptr,
            &start.StartupInfo, &started))
        throw WindowsError("starting " + program, ::GetLastError());
    process_ = KernelObject(started.hProcess);
    id_ = started.dwProcessId;
    const KernelObject first_thread(started.hThread);
    // Into the job before it runs, so that there is no moment in which it could be left behind.
    if (!::AssignProcessToJobObject(job_.get(), process_.get())) {
        const DWORD error = ::GetLastError();
        ::TerminateProcess(process_.get(), 1);
        throw WindowsError("putting the server into the job", error);
    }
    ::ResumeThread(first_thread.get());
    out_.start_reading();
    err_.start_reading();
}

ServerProcess::~ServerProcess() {
    if (set_stop_event())
        ::WaitForSingleObject(process_.get(), 500); // what still runs then ends with its job
}

bool ServerProcess::set_stop_event() const {
    const KernelObject event(::OpenEventA(EVENT_MODIFY_STATE, FALSE, stop_event_name(id_).c_str()));
    return event && ::SetEvent(event.get()) != FALSE;
}

std::uint16_t ServerProcess::port() {
    const bool has_a_line = out_.shows("\n", EchoClient::patience);
    const std::string line = out_.text().substr(0, out_.text().find('\n'));
    const std::size_t colon = line.rfind(':');
    if (!has_a_line || !line.starts_with("listening on ") || colon == std::string::npos)
        throw std::runtime_error("expected the server's first line to be 'listening on ADDRESS:PORT', got '" + line +
                                 "'; on standard error: '" + err_.text() + "'");
    return static_cast<std::uint16_t>(std::stoi(line.substr(colon + 1)));
}

bool ServerProcess::logs(const std::string& part, std::size_t times) {
    return out_.shows(part, EchoClient::patience, times);
}

void ServerProcess::ask_to_stop() {
    static_cast<void>(port()); // before that it may not have its event yet
    if (!set_stop_event())
        throw WindowsError("setting the server's stop event", ::GetLastError());
}

std::optional<int> ServerProcess::exit_code(milliseconds limit) {
    DWORD code = 0;
    if (::WaitForSingleObject(process_.get(), static_cast<DWORD>(limit.count())) != WAIT_OBJECT_0 ||
        !::GetExitCodeProcess(process_.get(), &code))
        return std::nullopt;
    return static_cast<int>(code);
}

void ServerProcess::press(DWORD event) {
    std::array<wchar_t, 32'768> own_path; // the longest that there is
    const DWORD length = ::GetModuleFileNameW(nullptr, own_path.data(), static_cast<DWORD>(own_path.size()));
    std::vector<std::string> options{"--press-ctrl-c", std::to_string(id_)};
    if (event == CTRL_BREAK_EVENT)
        options.emplace_back("--break");
    ServerProcess finger(to_utf8({own_path.data(), length}), options);
    if (finger.exit_code() != 0)
        throw std::runtime_error("cannot press a key in the server's console: " + finger.whole_errors());
}

ServerProcess::milliseconds ServerProcess::processor_time() const {
    FILETIME created;
    FILETIME ended;
    FILETIME in_windows;
    FILETIME in_program;
    if (!::GetProcessTimes(process_.get(), &created, &ended, &in_windows, &in_program))
        throw WindowsError("asking for the server's processor time", ::GetLastError());
    const auto ticks = [](const FILETIME& time) { // of 100 ns
        return (std::uint64_t{time.dwHighDateTime} << 32) + time.dwLowDateTime;
    };
    return milliseconds((ticks(in_windows) + ticks(in_program)) / 10'000);
}

std::size_t ServerProcess::memory() const {
    PROCESS_MEMORY_COUNTERS counters{};
    if (!::K32GetProcessMemoryInfo(process_.get(), &counters, sizeof counters))
        throw WindowsError("asking for the server's memory", ::GetLastError());
    return counters.PagefileUsage;
}

namespace {

BOOL WINAPI not_me(DWORD) {
    return TRUE;
}

} // namespace

void press_in_console_of(DWORD process_id, DWORD event) {
    ::FreeConsole();
    if (!::AttachConsole(process_id))
        throw WindowsError("attaching to the console of process " + std::to_string(process_id), ::GetLastError());
    // Everybody in that console hears it, this process too: it must not end from it.
    ::SetConsoleCtrlHandler(not_me, TRUE);
    if (!::GenerateConsoleCtrlEvent(event, 0))
        throw WindowsError("pressing a key", ::GetLastError());
}
