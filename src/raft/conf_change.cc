#include "raft/conf_change.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/bytes.h"

namespace bookstore::raft {
namespace {

constexpr uint8_t kVersion = 1;
constexpr std::string_view kLetters = "vrul";  // by ConfChangeKind

}  // namespace

std::optional<bool> ConfChange::enters_joint() const {
  if (transition == Transition::kAuto && changes.size() <= 1) return std::nullopt;
  return transition != Transition::kExplicit;
}

std::string ConfChange::encode() const {
  if (leaves_joint() && context.empty()) return {};
  base::ByteWriter out;
  out.u8(kVersion);
  out.u8(static_cast<uint8_t>(transition));
  out.varint(changes.size());
  for (const NodeChange& change : changes) {
    out.u8(static_cast<uint8_t>(change.kind));
    out.varint(change.node);
  }
  out.string(context);
  return out.take();
}

std::optional<ConfChange> ConfChange::decode(std::string_view bytes) {
  ConfChange change;
  if (bytes.empty()) return change;
  base::ByteReader in(bytes);
  if (in.u8() != kVersion) return std::nullopt;
  const uint8_t transition = in.u8();
  if (transition > static_cast<uint8_t>(Transition::kExplicit)) return std::nullopt;
  change.transition = static_cast<Transition>(transition);
  const uint64_t count = in.varint();
  if (count > in.remaining()) return std::nullopt;  // each takes two bytes at least
  for (uint64_t i = 0; i < count; ++i) {
    const uint8_t kind = in.u8();
    if (kind >= kLetters.size()) return std::nullopt;
    change.changes.push_back({static_cast<ConfChangeKind>(kind), in.varint()});
  }
  change.context = in.string();
  if (!in.finished()) return std::nullopt;
  return change;
}

std::string to_string(const std::vector<NodeChange>& changes) {
  return absl::StrJoin(changes, " ", [](std::string* out, const NodeChange& change) {
    out->push_back(kLetters[static_cast<size_t>(change.kind)]);
    absl::StrAppend(out, change.node);
  });
}

std::optional<std::vector<NodeChange>> parse_changes(std::string_view text) {
  std::vector<NodeChange> changes;
  for (const std::string& word :
       std::vector<std::string>(absl::StrSplit(absl::string_view(text.data(), text.size()),
                                               absl::ByAnyChar(" \n\t"), absl::SkipEmpty()))) {
    const size_t kind = kLetters.find(word[0]);
    NodeId node = 0;
    const auto [end, error] = std::from_chars(word.data() + 1, word.data() + word.size(), node);
    if (kind == std::string_view::npos || error != std::errc() ||
        end != word.data() + word.size()) {
      return std::nullopt;
    }
    changes.push_back({static_cast<ConfChangeKind>(kind), node});
  }
  return changes;
}

}  // namespace bookstore::raft
