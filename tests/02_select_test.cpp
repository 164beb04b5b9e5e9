// Chapter 2: one thread that asks which sockets are ready.
#include "tests/fairness.hpp"

namespace {

class Limit : public ServerTest {};

//! [ServesExactly64ClientsTogether]
TEST_F(Limit, ServesExactly64ClientsTogether) {
    expect_exactly_this_many_served_together(64); // the sockets that one fd_set holds
}
//! [ServesExactly64ClientsTogether]

//! [AClientThatReadsNothingDelaysNobody]
TEST_F(Fairness, AClientThatReadsNothingDelaysNobody) {
    expect_a_deaf_client_delays_nobody();
}
//! [AClientThatReadsNothingDelaysNobody]

//! [ClientsThatFloodStarveNobody]
TEST_F(Fairness, ClientsThatFloodStarveNobody) {
    expect_flooding_clients_starve_nobody();
}
//! [ClientsThatFloodStarveNobody]

} // namespace
