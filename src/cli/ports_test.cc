#include "cli/ports.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "cli/fd.h"

namespace bookstore::cli {
namespace {

// A listener on a port that the kernel chose.
struct Listener {
  Listener() : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd.get(), 1), 0);
    EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  Fd fd;
  uint16_t port = 0;
};

TEST(Ports, APortIsTakenWhileSomebodyListensAndFreeAfterwards) {
  uint16_t port = 0;
  {
    const Listener listener;
    port = listener.port;
    EXPECT_EQ(check_port(port).message(),
              "port " + std::to_string(port) + " is in use by another program");
  }
  EXPECT_TRUE(port_is_free(port));
}

TEST(Ports, OneTakenDefaultMovesThemAllAndEveryPortHasItsMetricsPort) {
  const Listener listener;
  base::SeededRandom random(7);
  const auto chosen = choose_ports({{"inventory", listener.port}, {"payment", 1}}, random);
  ASSERT_TRUE(chosen.ok());
  std::set<int> ports;
  for (const auto& [name, port] : *chosen) {
    EXPECT_GE(port, 10'000);
    EXPECT_LT(port + kMetricsPortOffset, 32'768);
    ports.insert(port);
    ports.insert(port + kMetricsPortOffset);
  }
  EXPECT_EQ(ports.size(), 4u);
}

TEST(Ports, APortThatIsPromisedToSomebodyElseIsNotGivenAway) {
  base::SeededRandom random(7);
  const auto first = choose_free_ports({{"inventory", 0}}, random);
  ASSERT_TRUE(first.ok());
  const uint16_t port = first->at("inventory");
  for (const uint16_t promised : {port, static_cast<uint16_t>(port + kMetricsPortOffset)}) {
    base::SeededRandom again(7);
    const auto other = choose_ports({{"inventory", port}}, again, {promised});
    ASSERT_TRUE(other.ok());
    EXPECT_NE(other->at("inventory"), port);
    EXPECT_NE(other->at("inventory"), promised);
  }
}

}  // namespace
}  // namespace bookstore::cli
