// The parts of common/ whose failures no echo would show.
#include "common/echo_client.hpp"
#include "common/error.hpp"
#include "common/event_log.hpp"
#include "common/handle.hpp"
#include "common/line_writer.hpp"
#include "common/stop_signal.hpp"
#include "common/windows.hpp"
#include "common/winsock.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace {

/// Threads that get no memory for a while.
enum class Short { none, this_one, all_others };

struct Shortage {
    std::atomic<Short> of = Short::none;
    std::atomic<DWORD> thread;
};
Shortage& shortage() noexcept {
    static constinit Shortage only;
    return only;
}

class NoMemory {
public:
    explicit NoMemory(Short of) {
        shortage().thread = ::GetCurrentThreadId();
        shortage().of = of;
    }
    NoMemory(const NoMemory&) = delete;
    NoMemory& operator=(const NoMemory&) = delete;
    ~NoMemory() { shortage().of = Short::none; }
};

bool is_short() noexcept {
    const Short of = shortage().of;
    return of != Short::none && (of == Short::this_one) == (shortage().thread == ::GetCurrentThreadId());
}

} // namespace

void* operator new(std::size_t size) {
    if (!is_short())
        if (void* const block = ::HeapAlloc(::GetProcessHeap(), 0, size))
            return block;
    throw std::bad_alloc();
}

void operator delete(void* block) noexcept {
    ::HeapFree(::GetProcessHeap(), 0, block);
}

void operator delete(void* block, std::size_t) noexcept {
    ::HeapFree(::GetProcessHeap(), 0, block);
}

namespace {

TEST(ErrorText, NamesTheErrorAndItsNumber) {
    EXPECT_EQ(error_text(WSAEADDRINUSE).substr(0, 21), "WSAEADDRINUSE (10048)");
    EXPECT_EQ(error_text(ERROR_NETNAME_DELETED).substr(0, 26), "ERROR_NETNAME_DELETED (64)");
}

TEST(ErrorText, HasTheSystemsOwnWordsOnOneLine) {
    const std::string text = error_text(ERROR_ACCESS_DENIED); // a text that Wine has, too
    EXPECT_GT(text.size(), std::string("error (5): ").size());
    EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
}

TEST(StopSignal, HearsOfAStopWhileItLives) {
    EXPECT_FALSE(StopSignal::on_console_event(CTRL_BREAK_EVENT)); // nobody lives: Windows goes on as without a handler
    const StopSignal stop;
    EXPECT_FALSE(stop.requested());
    EXPECT_TRUE(StopSignal::on_console_event(CTRL_BREAK_EVENT));
    EXPECT_TRUE(stop.requested());
}

//! [StaysRegisteredWhenItEnds]
// To take the handler off would wait for a lock that Windows holds while a handler runs, and so for the handler itself.
TEST(StopSignal, StaysRegisteredWhenItEnds) {
    { const StopSignal stop; }
    EXPECT_TRUE(::SetConsoleCtrlHandler(StopSignal::on_console_event, FALSE)); // it was still there
    ASSERT_TRUE(::SetConsoleCtrlHandler(StopSignal::on_console_event, TRUE));
}
//! [StaysRegisteredWhenItEnds]

//! [LeavesOutWhatThereIsNoMemoryFor]
TEST(EventLog, LeavesOutWhatThereIsNoMemoryFor) {
    testing::internal::CaptureStdout();
    {
        EventLog log(true);
        log.opened(1);
        {
            const std::runtime_error late("a text that is too long for a string to keep in itself");
            const NoMemory here(Short::this_one);
            log.problem("accept", WSAENOBUFS);
            log.problem(late);
            log.opened(2);
            log.received(1, 5);
            log.sent(1, 5);
            log.closing(1, goodbye);
        }
        log.closing(3, goodbye);
        log.stopping(); // and here 1 is not named: it has gone, though its line was left out
    }
    EXPECT_EQ(testing::internal::GetCapturedStdout(),
        "Socket 1 connected from a client that left\nClosing socket 3: goodbye\n");
}
//! [LeavesOutWhatThereIsNoMemoryFor]

TEST(LineWriter, CountsWhatItsThreadHadNoMemoryFor) {
    testing::internal::CaptureStdout();
    LineWriter lines;
    {
        const NoMemory there(Short::all_others);
        lines.write("lost");
        lines.write("lost too, or with the first one");
        lines.finish();
    }
    lines.write("told");
    lines.finish();
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "(2 lines lost: nobody has read them)\ntold\n");
}

TEST(FailedAccept, OfAClientThatLeftIsPassedOver) {
    EventLog log(false);
    testing::internal::CaptureStdout();
    after_failed_accept(WSAECONNRESET, log);
    after_failed_accept(WSAEWOULDBLOCK, log);
    log.stopping(); // returns when all lines are written
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(FailedAccept, ForAShortageOfTheMomentIsReportedAndFollowedByAPause) {
    EventLog log(false);
    testing::internal::CaptureStdout();
    const auto start = std::chrono::steady_clock::now();
    after_failed_accept(WSAENOBUFS, log);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 50ms);
    log.stopping(); // returns when the line is written
    EXPECT_EQ(testing::internal::GetCapturedStdout().substr(0, 33), "accept failed: WSAENOBUFS (10055)");
}

TEST(FailedAccept, OfABrokenListenerEndsTheServer) {
    EventLog log(false);
    EXPECT_THROW(after_failed_accept(WSAENOTSOCK, log), WindowsError);
}

TEST(Handle, HasOneOwnerAndIsClosedOnce) {
    KernelObject first(::CreateEventA(nullptr, TRUE, FALSE, nullptr));
    const HANDLE raw = first.get();
    {
        const KernelObject second(std::move(first));
        EXPECT_EQ(second.get(), raw);
        EXPECT_FALSE(first);               // NOLINT(bugprone-use-after-move): this is the claim
        EXPECT_TRUE(::SetEvent(raw) != 0); // still open
    }
    EXPECT_FALSE(::SetEvent(raw)); // closed with its last owner
}

TEST(Handle, CanBeGivenAwayAndIsNotClosedThen) {
    HANDLE raw = nullptr;
    {
        KernelObject event(::CreateEventA(nullptr, TRUE, FALSE, nullptr));
        raw = event.release();
        EXPECT_FALSE(event);
    }
    const KernelObject taken(raw);
    EXPECT_TRUE(::SetEvent(raw) != 0); // still open
}

TEST(Handle, KnowsTheEmptyValueOfEachKind) {
    EXPECT_FALSE(Socket(INVALID_SOCKET));
    EXPECT_FALSE(Event(WSA_INVALID_EVENT));
    EXPECT_FALSE(KernelObject(nullptr));
}

TEST(Client, SaysWhatItExpectedAndWhatCame) {
    // A listener that nobody accepts from: connections complete, and no answer ever comes.
    const WinsockSession winsock;
    const Socket listener = listen_on("127.0.0.1", 0);
    sockaddr_in name{};
    int size = sizeof name;
    ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    EchoClient client(::ntohs(name.sin_port));
    try {
        static_cast<void>(client.receive(5, 50ms));
        FAIL() << "five bytes came from nowhere";
    } catch (const std::runtime_error& problem) {
        EXPECT_STREQ(problem.what(), "expected 5 bytes, got 0 and then nothing more within 50 ms");
    }
}

} // namespace
