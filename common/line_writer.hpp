/// \file
/// Lines to standard output that nobody waits for: a thread of their own writes them.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

/// A queue of lines, and one thread that writes them in their order. To write to a pipe that nobody reads, or to a
/// console in which somebody has selected text, takes until somebody does; here only that thread waits, and not those
/// who have something to say. What is full, closed or not there is no error.
class LineWriter {
public:
    /// So many lines may wait. If one more comes, the oldest of them is lost; a line in its place will say how many were.
    static constexpr std::size_t most_waiting = 1000;

    LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;
    /// Finishes.
    ~LineWriter();

    /// \param line  without its end.
    void write(std::string line);
    /// Waits until every line is written, but not for ever: what is not read in that time is lost, and nobody waits for
    /// that reader again.
    void finish(std::chrono::milliseconds limit = std::chrono::milliseconds(500));

private:
    struct Queue;
    std::shared_ptr<Queue> queue_; // the thread has it too, and may be held up for longer than this object lives
};
