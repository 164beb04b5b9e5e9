// Chapter 3: one thread, and an event for each operation that is under way.
#include "tests/fairness.hpp"

namespace {

class Limit : public ServerTest {};

//! [ServesExactly63ClientsTogether]
TEST_F(Limit, ServesExactly63ClientsTogether) {
    expect_exactly_this_many_served_together(63); // one wait takes 64 handles: these, and the stop
}
//! [ServesExactly63ClientsTogether]

//! [AClientThatReadsNothingDelaysNobody]
TEST_F(Fairness, AClientThatReadsNothingDelaysNobody) {
    expect_a_deaf_client_delays_nobody(server());
}
//! [AClientThatReadsNothingDelaysNobody]

//! [ClientsThatFloodStarveNobody]
TEST_F(Fairness, ClientsThatFloodStarveNobody) {
    expect_flooding_clients_starve_nobody();
}
//! [ClientsThatFloodStarveNobody]

} // namespace
