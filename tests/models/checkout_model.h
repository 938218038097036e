#pragma once

#include <string>

#include "tests/models/executor.h"
#include "tests/models/participants.h"
#include "tests/models/shop.h"

namespace bookstore::models {

// The whole of DESIGN §4.3–4.10 as a Model for the Explorer.
class CheckoutModel {
 public:
  using State = models::State;

  explicit CheckoutModel(const Scope& scope);

  State initial();
  template <class Emit>
  void successors(const State& state, Emit emit) {
    Moves moves(scope_, [&](State&& next, bool fault, const Label& label) {
      emit(std::move(next), fault, [&] { return label.text(); });
    });
    all_moves(state, moves);
  }
  void canonical(const State& state, std::string& bytes) const;
  const char* violated(const State& state) const;
  bool good(const State& state) const;

 private:
  void all_moves(const State& state, Moves& moves);
  const char* violated_by_order(const State& state, int order) const;

  const Scope scope_;
  Words words_;
  Participants participants_;
  Executor executor_;
  Shop shop_;
};

}  // namespace bookstore::models
