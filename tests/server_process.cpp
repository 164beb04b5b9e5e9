#include "tests/server_process.hpp"

#include "common/error.hpp"
#include "common/stop_signal.hpp"

#include <algorithm>
#include <array>
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
            const std::scoped_lock lock(mutex_);
            std::remove_copy(buffer.data(), buffer.data() + got, std::back_inserter(text_), '\r');
            changed_.notify_all();
        }
        const std::scoped_lock lock(mutex_);
        ended_ = true;
        changed_.notify_all();
    });
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

ServerProcess::ServerProcess(const std::string& program, const std::vector<std::string>& options)
    : job_(make_job_that_ends_its_processes()) {
    std::string command_line = '"' + program + '"';
    for (const std::string& option : options)
        command_line += ' ' + option;

    InheritanceList inherited({out_.write_end(), err_.write_end()});
    STARTUPINFOEXA start{};
    start.StartupInfo.cb = sizeof start;
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    start.StartupInfo.hStdOutput = out_.write_end();
    start.StartupInfo.hStdError = err_.write_end();
    start.lpAttributeList = inherited.get();
    PROCESS_INFORMATION started{};
    if (!::CreateProcessA(nullptr, command_line.data(), nullptr, nullptr, TRUE,
            EXTENDED_STARTUPINFO_PRESENT | CREATE_SUSPENDED, nullptr, nullptr, &start.StartupInfo, &started))
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
    const KernelObject event(::OpenEventA(EVENT_MODIFY_STATE, FALSE, stop_event_name(id_).c_str()));
    if (!event || !::SetEvent(event.get()))
        throw WindowsError("setting the server's stop event", ::GetLastError());
}

std::optional<int> ServerProcess::exit_code(milliseconds limit) {
    DWORD code = 0;
    if (::WaitForSingleObject(process_.get(), static_cast<DWORD>(limit.count())) != WAIT_OBJECT_0 ||
        !::GetExitCodeProcess(process_.get(), &code))
        return std::nullopt;
    return static_cast<int>(code);
}
