#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace bookstore::cli {

// Those whose working directory is `folder`.
std::vector<pid_t> processes_in(const std::filesystem::path& folder);

// The memory that is to be blamed on a process and all its descendants: each shared page counts
// by its share (PSS). 0 for what we may not look at.
uint64_t proportional_memory(pid_t pid);

// The CPU time of a process, its descendants and those of them that have ended.
uint64_t cpu_time_ms(pid_t pid);

// Of this process alone.
uint64_t own_cpu_time_ms();
uint64_t own_memory_bytes();

}  // namespace bookstore::cli
