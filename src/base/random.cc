#include "base/random.h"

#include <sys/random.h>

#include "base/check.h"

namespace bookstore::base {

uint64_t SystemRandom::next() {
  uint64_t value = 0;
  const ssize_t got = getrandom(&value, sizeof value, 0);
  BOOKSTORE_CHECK(got == sizeof value, "getrandom gave ", got, " bytes");
  return value;
}

}  // namespace bookstore::base
