#include "payment/vault.h"

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/crash_point.h"
#include "base/ids.h"
#include "base/status.h"
#include "causality/recorder.h"
#include "crypto/platform_key.h"
#include "crypto/seal.h"

namespace bookstore::payment {
namespace {

using postgres::Bytes;
using postgres::Param;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr base::DurationMs kProviderMs = 5'000;
constexpr size_t kNumberMax = 32;
constexpr size_t kCvcMax = 8;
constexpr size_t kHolderNameMax = 200;
constexpr size_t kOrderIdMax = 64;

constexpr Statement kRememberKey{
    "INSERT INTO payment.key_check (value) VALUES ($1) ON CONFLICT DO NOTHING"};
constexpr Statement kReadKey{"SELECT value FROM payment.key_check"};
// A first call, the usual one, is told apart without a transaction.
constexpr Statement kIsRepeat{
    "SELECT FROM payment.vault WHERE order_id = $1 AND attempt = $2 AND restart = $3"};
constexpr Statement kFindEpoch{
    "SELECT token, refusal, brand, last4, clock FROM payment.vault "
    "WHERE order_id = $1 AND attempt = $2 AND restart = $3 FOR UPDATE"};
constexpr Statement kSaveClock{"UPDATE payment.vault SET clock = $2 WHERE token = $1"};
constexpr Statement kInsert{
    "INSERT INTO payment.vault (token, order_id, attempt, restart, sealed, provider_token, refusal,"
    " brand, last4, clock) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
    "ON CONFLICT (order_id, attempt, restart) DO NOTHING"};
constexpr Statement kRead{
    "SELECT order_id, sealed FROM payment.vault WHERE token = $1 AND refusal IS NULL"};

// What the sealed bytes belong to: moving them to another row makes them unreadable.
std::string owner_of(std::string_view token, std::string_view order_id) {
  base::ByteWriter writer;
  writer.string("bookstore vault v1");
  writer.string(token);
  writer.string(order_id);
  return writer.take();
}

crypto::Secret card_bytes(const Card& card) {
  base::ByteWriter writer;
  writer.u8(1);
  writer.string(card.number);
  writer.u32(card.expiry_month);
  writer.u32(card.expiry_year);
  writer.string(card.holder_name);
  return crypto::Secret(writer.take());
}

absl::Status check_shape(const TokeniseCall& call) {
  // The values are never named: only which field it is.
  if (call.order_id.empty() || call.order_id.size() > kOrderIdMax) {
    return absl::InvalidArgumentError("order_id is missing or too long");
  }
  if (call.card.number.size() > kNumberMax) return absl::InvalidArgumentError("number is too long");
  if (call.cvc.size() > kCvcMax) return absl::InvalidArgumentError("cvc is too long");
  if (call.card.holder_name.size() > kHolderNameMax) {
    return absl::InvalidArgumentError("holder_name is too long");
  }
  return absl::OkStatus();
}

causality::VectorClock answer_clock(const std::string& host, const causality::VectorClock& known,
                                    const causality::VectorClock& incoming) {
  causality::Recorder recorder(host, known);
  recorder.receive("recv Tokenise", incoming);
  return recorder.send("send Tokenise reply");
}

}  // namespace

Vault::Vault(postgres::Pool& pool, Provider& provider, base::Random& random,
             const crypto::Secret& platform_key, std::string host)
    : pool_(pool),
      provider_(provider),
      random_(random),
      key_(crypto::derive_key(platform_key, "vault")),
      key_check_(crypto::key_check_value(platform_key)),
      host_(std::move(host)) {
  BOOKSTORE_CHECK(causality::valid_host(host_), host_);
}

absl::Status Vault::check_key(base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(deadline));
  postgres::Batch batch(*lease);
  batch.add(kRememberKey, {key_check_});
  batch.add(kReadKey, {});
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  if (crypto::equal_constant_time(results[1][0].raw("value"), key_check_)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      "this database was made with another platform key: start with the key file (or "
      "BOOKSTORE_PLATFORM_KEY) that belongs to it, or the cards in its vault stay unreadable");
}

absl::StatusOr<TokeniseReply> Vault::tokenise(const TokeniseCall& call, base::Deadline deadline) {
  BOOKSTORE_RETURN_IF_ERROR(check_shape(call));
  const absl::StatusOr<TokeniseAnswer> answer =
      provider_.tokenise(call.card, call.cvc, deadline.at_most(pool_.clock(), kProviderMs));
  if (!answer.ok()) {
    // A repeat needs no provider: it has its answer.
    BOOKSTORE_ASSIGN_OR_RETURN(auto known, repeat(call, deadline));
    return known ? absl::StatusOr<TokeniseReply>(*std::move(known)) : answer.status();
  }
  const TokeniseAnswer& judged = *answer;
  const size_t shown = std::min<size_t>(4, call.card.number.size() / 4);
  TokeniseReply reply{
      .token = base::make_ulid(pool_.clock(), random_),
      .refusal = judged.refusal,
      .brand = judged.brand,
      .last4 = std::string(call.card.number.substr(call.card.number.size() - shown)),
      .clock = answer_clock(host_, {}, call.clock)};
  BOOKSTORE_ASSIGN_OR_RETURN(const bool inserted, insert(call, judged, reply, deadline));
  if (!inserted) {
    // A repeat, or the same call runs twice at once: the first one's answer counts. Nearly every
    // call is a first one, so this is found out by the insert and not by a read before it.
    BOOKSTORE_ASSIGN_OR_RETURN(auto known, repeat(call, deadline));
    if (!known) return absl::AbortedError("the order's vault row was removed meanwhile");
    return *std::move(known);
  }
  if (!reply.refusal.empty()) reply.token.clear();
  return reply;
}

absl::StatusOr<std::optional<TokeniseReply>> Vault::repeat(const TokeniseCall& call,
                                                           base::Deadline deadline) {
  std::optional<TokeniseReply> found;
  const std::vector<Param> epoch = {call.order_id, call.epoch.attempt, call.epoch.restart};
  BOOKSTORE_ASSIGN_OR_RETURN(const auto repeats, pool_.query(kIsRepeat, epoch, deadline));
  if (repeats.empty()) return found;
  const absl::Status done =
      postgres::in_transaction(pool_, deadline, [&](Transaction& transaction) -> absl::Status {
        found.reset();
        BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, transaction.query(kFindEpoch, epoch));
        if (rows.empty()) return absl::OkStatus();
        const Row row = rows[0];
        const auto known = causality::VectorClock::decode(row.bytes("clock"));
        if (!known) return absl::DataLossError("a vault row's clock is damaged");
        found = TokeniseReply{.token = row.text("token"),
                              .refusal = row.maybe_text("refusal").value_or(""),
                              .brand = row.text("brand"),
                              .last4 = row.text("last4"),
                              .clock = answer_clock(host_, *known, call.clock)};
        const Param clock = Bytes{found->clock.encode()};
        return transaction.query(kSaveClock, {found->token, clock}).status();
      });
  if (!done.ok()) return done;
  if (found && !found->refusal.empty()) found->token.clear();
  return found;
}

absl::StatusOr<bool> Vault::insert(const TokeniseCall& call, const TokeniseAnswer& judged,
                                   const TokeniseReply& reply, base::Deadline deadline) {
  Param sealed = std::nullopt;
  Param provider_token = std::nullopt;
  Param refusal = std::nullopt;
  if (judged.refusal.empty()) {
    const crypto::Secret plain = card_bytes(call.card);
    sealed =
        Bytes{crypto::seal(key_.reveal(), plain.reveal(), owner_of(reply.token, call.order_id))};
    provider_token = judged.provider_token;
  } else {
    refusal = judged.refusal;
  }
  BOOKSTORE_CRASH_BEFORE(kVault);
  BOOKSTORE_ASSIGN_OR_RETURN(
      const auto result,
      pool_.query(kInsert,
                  {reply.token, call.order_id, call.epoch.attempt, call.epoch.restart, sealed,
                   provider_token, refusal, reply.brand, reply.last4, Bytes{reply.clock.encode()}},
                  deadline));
  BOOKSTORE_CRASH_AFTER(kVault);
  return result.affected() == 1;
}

absl::StatusOr<StoredCard> Vault::read(const std::string& token, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kRead, {token}, deadline));
  if (rows.empty()) return absl::NotFoundError("no card under this token");
  BOOKSTORE_ASSIGN_OR_RETURN(const crypto::Secret plain,
                             crypto::open(key_.reveal(), rows[0].bytes("sealed"),
                                          owner_of(token, rows[0].text("order_id"))));
  base::ByteReader reader(plain.reveal());
  const uint8_t version = reader.u8();
  StoredCard card;
  card.number = crypto::Secret(reader.string());
  card.expiry_month = reader.u32();
  card.expiry_year = reader.u32();
  card.holder_name = crypto::Secret(reader.string());
  if (version != 1 || !reader.finished()) return absl::DataLossError("the sealed card is damaged");
  return card;
}

}  // namespace bookstore::payment
