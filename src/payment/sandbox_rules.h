#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "payment/provider.h"

namespace bookstore::payment {

// How the sandbox judges: by the public test numbers of card processors, any other valid card is
// good. At tokenise: …0127 and …0101 incorrect_cvc, …0069 expired_card, …0119 processing_error.
// At authorise: …0002 card_declined, …9995 insufficient_funds, …9987 lost_card, …9979 stolen_card
// (all 400000000000xxxx). The verdict of authorise travels inside the token, so that the sandbox
// keeps no number. Pure.
TokeniseAnswer judge_card(const Card& card, std::string_view cvc, base::WallMs now_ms,
                          std::string_view token_suffix);

// The reason to decline an authorisation under this token; empty to approve.
std::string judge_token(std::string_view provider_token);

}  // namespace bookstore::payment
