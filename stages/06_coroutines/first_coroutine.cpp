// The smallest coroutine that waits: one function, one thread, nothing of Windows. Chapter 6 begins with it.
//
//   run it     first_coroutine
#include <coroutine>
#include <cstdio>
#include <exception>

namespace {

//! [first_awaiter]
struct Answer {
    static bool await_ready() { return false; } // "is there an answer already?"
    void await_suspend(std::coroutine_handle<> coroutine) { waiting = coroutine; }
    [[nodiscard]] int await_resume() const { return number; } // the value of the whole co_await

    std::coroutine_handle<> waiting;
    int number = 0;
};
//! [first_awaiter]

//! [first_promise]
struct Conversation {
    struct promise_type {
        static Conversation get_return_object() { return {}; }
        static std::suspend_never initial_suspend() { return {}; }
        static std::suspend_never final_suspend() noexcept { return {}; }
        static void return_void() {}
        static void unhandled_exception() { std::terminate(); }
    };
};
//! [first_promise]

//! [first_coroutine]
Conversation ask(Answer& answer) {
    std::puts("ask:  I ask, and wait");
    const int number = co_await answer;
    std::printf("ask:  the answer is %d\n", number);
}
//! [first_coroutine]

} // namespace

//! [first_main]
int wmain() {
    Answer answer;
    ask(answer);
    std::puts("main: ask waits, and I have the thread");
    answer.number = 42;
    answer.waiting.resume();
    std::puts("main: ask has ended");
    return 0;
}
//! [first_main]
