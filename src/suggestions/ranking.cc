#include "suggestions/ranking.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bookstore::suggestions {
namespace {

constexpr double kMeanWeight = 0.25;
// A reason is read at a glance.
constexpr size_t kSharedSubjectsMax = 3;

using CartById = std::map<std::string_view, const Book*>;

// What both lists have, as the first one writes it.
std::vector<std::string> shared(const std::vector<std::string>& a,
                                const std::vector<std::string>& b) {
  std::vector<std::string> both;
  for (const std::string& item : a) {
    const auto same = [&](const std::string& other) { return absl::EqualsIgnoreCase(item, other); };
    if (std::any_of(b.begin(), b.end(), same) && std::none_of(both.begin(), both.end(), same)) {
      both.push_back(item);
    }
  }
  return both;
}

std::string reason_for(const Book& book, const Book& nearest) {
  auto subjects = shared(book.subjects, nearest.subjects);
  if (!subjects.empty()) {
    subjects.resize(std::min(subjects.size(), kSharedSubjectsMax));
    return absl::StrCat("similar to ", nearest.title, ": ", absl::StrJoin(subjects, ", "));
  }
  const auto authors = shared(book.authors, nearest.authors);
  if (!authors.empty()) return absl::StrCat("by ", authors.front(), ", like ", nearest.title);
  return absl::StrCat("similar to ", nearest.title);
}

// Empty score: the candidate is near to nothing we know of the cart.
struct Nearness {
  const Book* nearest = nullptr;
  double score = 0;
};

Nearness judge(const Candidate& candidate, const CartById& cart) {
  Nearness result;
  double best = 0, total = 0;
  size_t count = 0;
  for (const auto& [cart_id, similarity] : candidate.similarities) {
    const auto found = cart.find(cart_id);
    if (found == cart.end()) continue;
    total += similarity;
    ++count;
    const bool nearer = result.nearest == nullptr || similarity > best ||
                        (similarity == best && found->second->id < result.nearest->id);
    if (!nearer) continue;
    result.nearest = found->second;
    best = similarity;
  }
  if (count == 0) return result;
  const double mean = total / static_cast<double>(count);
  result.score = std::clamp((1 - kMeanWeight) * best + kMeanWeight * mean, 0.0, 1.0);
  return result;
}

}  // namespace

std::vector<Suggestion> rank(const std::vector<Book>& cart,
                             const std::vector<Candidate>& candidates, size_t limit) {
  CartById by_id;
  for (const Book& book : cart) by_id.emplace(book.id, &book);
  std::set<std::string_view> taken;
  std::vector<Suggestion> result;
  for (const Candidate& candidate : candidates) {
    if (candidate.free <= 0 || by_id.contains(candidate.book.id)) continue;
    const Nearness nearness = judge(candidate, by_id);
    if (nearness.nearest == nullptr || !taken.insert(candidate.book.id).second) continue;
    result.push_back(
        {candidate.book, nearness.score, reason_for(candidate.book, *nearness.nearest)});
  }
  const auto better = [](const Suggestion& a, const Suggestion& b) {
    return a.score != b.score ? a.score > b.score : a.book.id < b.book.id;
  };
  std::sort(result.begin(), result.end(), better);
  result.resize(std::min(result.size(), limit));
  return result;
}

}  // namespace bookstore::suggestions
