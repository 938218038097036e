#pragma once

namespace bookstore::cli {

// The whole of bookstorectl; gives its exit code (CtlExit).
int run_ctl(int argc, const char* const* argv);

}  // namespace bookstore::cli
