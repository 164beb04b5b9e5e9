// Chapter 3: one thread, and an event for each operation that is under way.
#include "tests/server_test.hpp"

namespace {

//! [ServesExactly63ClientsTogether]
TEST_F(Limit, ServesExactly63ClientsTogether) {
    expect_exactly_this_many_served_together(63); // one wait takes 64 handles: these, and the stop
}
//! [ServesExactly63ClientsTogether]

} // namespace
