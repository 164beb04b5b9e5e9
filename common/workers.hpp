/// \file
/// The workers of stage 4, for the stages that teach something else.
#pragma once

#include "common/windows.hpp"

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

/// A pool of threads that take packets from a completion port, and leave when each has taken one without an OVERLAPPED.
class Workers {
public:
    /// \param work  what each thread does: it returns when it has taken such a packet.
    Workers(unsigned count, HANDLE port, const std::function<void()>& work) : Workers(port) {
        while (threads_.size() < count)
            threads_.emplace_back(work);
    }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    /// Posts one such packet for each, and waits until all have left.
    ~Workers() {
        for (std::size_t i = 0; i < threads_.size(); ++i)
            while (!::PostQueuedCompletionStatus(port_, 0, 0, nullptr))
                ::Sleep(10); // Windows is short of something: wait for a better moment
    }

private:
    explicit Workers(HANDLE port) : port_(port) {} // done first, so the destructor runs even if a thread cannot start

    HANDLE port_;
    std::vector<std::jthread> threads_;
};
