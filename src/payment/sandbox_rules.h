#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "payment/provider.h"

namespace bookstore::payment {

// One thing that the sandbox will do wrong with the calls of one step about an authorisation: a row
// of sandbox.fault, where the kinds are.
struct Fault {
  std::string_view step;
  std::string_view kind;
  int calls = 1;  // that meet it
  base::DurationMs delay_ms = 0;
};

// How the sandbox judges: by the public test numbers of card processors, any other valid card is
// good. At tokenise: …0127 and …0101 incorrect_cvc, …0069 expired_card, …0119 processing_error.
// At authorise: …0002 card_declined, …9995 insufficient_funds, …9987 lost_card, …9979 stolen_card
// (all 400000000000xxxx). 400000 99NN xxxxx c plays scenario NN of README.md, whatever the digits
// x are, so that many shoppers can play one scenario with a card each. The verdict of authorise
// and the scenario travel inside the token, so that the sandbox keeps no number. Pure.
TokeniseAnswer judge_card(const Card& card, std::string_view cvc, base::WallMs now_ms,
                          std::string_view token_suffix);

// The reason to decline an authorisation under this token; empty to approve.
std::string judge_token(std::string_view provider_token);
// What goes wrong with a card of this token; empty for an honest one.
std::span<const Fault> faults_of(std::string_view provider_token);

}  // namespace bookstore::payment
