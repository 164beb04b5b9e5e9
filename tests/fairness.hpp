/// \file
/// What stages 2 to 4 promise about clients that want too much, or give nothing.
#pragma once

#include "tests/server_test.hpp"

/// Claims about one client's share of the server, for every server that serves several together.
class Fairness : public ServerTest {
protected:
    /// A client that sends and never reads does not delay another.
    static void expect_a_deaf_client_delays_nobody(ServerProcess& server);
    /// Clients that send as fast as they can do not starve the one that came last.
    void expect_flooding_clients_starve_nobody();
};
