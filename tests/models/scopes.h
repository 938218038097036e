#pragma once

#include <span>
#include <string_view>

#include "tests/models/scope.h"

namespace bookstore::models {

struct Scenario {
  Scope scope;
  bool in_slice = false;     // what CI explores
  bool for_mutants = false;  // too large to be seen whole; a mutant's trace ends earlier
};
std::span<const Scenario> scenarios();

struct MutantCase {
  Mutant mutant;
  std::string_view name;
  std::string_view scope;  // the scenario in which it must be caught
};
std::span<const MutantCase> mutants();

}  // namespace bookstore::models
