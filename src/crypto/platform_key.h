#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace bookstore::crypto {

inline constexpr size_t kPlatformKeySize = 32;
inline constexpr char kPlatformKeyVariable[] = "BOOKSTORE_PLATFORM_KEY";

enum class IfMissing { kRefuse, kMake };

// The one secret of a platform: 64 hex digits, in BOOKSTORE_PLATFORM_KEY (which wins) or in a file
// that only its owner may read (0600). kMake writes a new random one when there is no file; of two
// processes that do so at once one wins and both get its key. Refused with one clear sentence:
// a file that others may read, another owner, bytes that are not such a key.
absl::StatusOr<Secret> load_platform_key(const std::filesystem::path& file, IfMissing if_missing);

// Any other secret of this form (an operator's token): from the file alone, never made.
absl::StatusOr<Secret> load_key_file(const std::filesystem::path& file);
// 64 hex digits; a line end after them is ignored.
std::optional<Secret> parse_key(std::string_view text);

// A 32-byte key for one purpose ("vault", "key scope", …), by HKDF.
Secret derive_key(const Secret& platform_key, std::string_view purpose);

// What the database keeps to notice a process with another key: tells nothing about the key.
std::string key_check_value(const Secret& platform_key);

}  // namespace bookstore::crypto
