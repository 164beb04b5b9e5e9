#include "common/line_writer.hpp"

#include "common/text.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

struct LineWriter::Queue {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::string> waiting;
    std::size_t lost = 0;   // since the last line that was written
    bool writing = false;   // the thread has taken lines, and is not done with them
    bool ended = false;     // no more lines will come
    bool abandoned = false; // nobody has read for too long: nothing more is waited for

    [[nodiscard]] bool all_is_written() const { return waiting.empty() && !writing; }

    // All that waits, as one text. If there is no memory for it, it is lost, and the next one says so.
    std::string take() noexcept {
        std::string text;
        try {
            if (lost > 0)
                text = "(" + std::to_string(lost) + " lines lost: nobody has read them)\n";
            for (const std::string& line : waiting)
                text += line + '\n';
            lost = 0;
        } catch (const std::bad_alloc&) {
            text.clear();
            lost += waiting.size();
        }
        waiting.clear();
        return text;
    }

    void write_until_the_end() {
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return ended || !waiting.empty(); });
            if (waiting.empty())
                return;
            const std::string text = take();
            writing = true;
            lock.unlock();
            print(text); // the only place where anybody waits for a reader
            lock.lock();
            writing = false;
            changed.notify_all();
        }
    }
};

LineWriter::LineWriter() : queue_(std::make_shared<Queue>()) {
    std::thread([queue = queue_] { queue->write_until_the_end(); }).detach();
}

LineWriter::~LineWriter() {
    finish();
    const std::scoped_lock lock(queue_->mutex);
    queue_->ended = true;
    queue_->changed.notify_all();
}

void LineWriter::write(std::string line) {
    const std::scoped_lock lock(queue_->mutex);
    if (queue_->waiting.size() == most_waiting) {
        queue_->waiting.pop_front();
        ++queue_->lost;
    }
    queue_->waiting.push_back(std::move(line));
    queue_->changed.notify_all();
}

void LineWriter::finish(std::chrono::milliseconds limit) {
    std::unique_lock lock(queue_->mutex);
    if (!queue_->abandoned)
        queue_->abandoned = !queue_->changed.wait_for(lock, limit, [this] { return queue_->all_is_written(); });
}
