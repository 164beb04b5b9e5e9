// How many clients a server of your own serves together: `tutorial test --server my_server.exe --capacity N`.
// Each stage states its own number in its own test.
#include "tests/server_test.hpp"

namespace {

class Capacity : public ServerTest {};

TEST_F(Capacity, IsWhatTheServerClaims) {
    if (tested().capacity != 0)
        expect_exactly_this_many_served_together(tested().capacity);
    else
        EXPECT_EQ(serve_together(200).size(), 200U);
}

} // namespace
