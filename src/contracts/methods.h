#pragma once

#include "bookstore/common/v1/common.pb.h"
#include "bookstore/fraud_detection/v1/fraud_detection.pb.h"
#include "bookstore/inventory/v1/inventory.pb.h"
#include "bookstore/order_executor/v1/order_executor.pb.h"
#include "bookstore/payment/v1/payment.pb.h"
#include "bookstore/suggestions/v1/suggestions.pb.h"
#include "bookstore/transaction_verification/v1/transaction_verification.pb.h"
#include "contracts/method.h"

// Every method of every service, once. Callers write client.call(verification::kCheckCard, …).
namespace bookstore::contracts {

namespace common = ::bookstore::common::v1;

namespace verification {
using namespace ::bookstore::transaction_verification::v1;
inline constexpr char kService[] = "bookstore.transaction_verification.v1.TransactionVerification";
inline constexpr Method<InitRequest, InitReply> kInit{kService, "Init"};
inline constexpr Method<CheckBillingRequest, CheckReply> kCheckBilling{kService, "CheckBilling"};
inline constexpr Method<CheckCardRequest, CheckReply> kCheckCard{kService, "CheckCard"};
}  // namespace verification

namespace fraud {
using namespace ::bookstore::fraud_detection::v1;
inline constexpr char kService[] = "bookstore.fraud_detection.v1.FraudDetection";
inline constexpr Method<InitRequest, InitReply> kInit{kService, "Init"};
inline constexpr Method<ScoreOrderRequest, ScoreOrderReply> kScoreOrder{kService, "ScoreOrder"};
}  // namespace fraud

namespace suggestions {
using namespace ::bookstore::suggestions::v1;
inline constexpr char kService[] = "bookstore.suggestions.v1.Suggestions";
inline constexpr Method<InitRequest, InitReply> kInit{kService, "Init"};
inline constexpr Method<SuggestRequest, SuggestReply> kSuggest{kService, "Suggest"};
inline constexpr Method<SimilarRequest, SuggestReply> kSimilar{kService, "Similar"};
inline constexpr Method<IndexStatusRequest, IndexStatusReply> kIndexStatus{kService, "IndexStatus"};
}  // namespace suggestions

namespace inventory {
using namespace ::bookstore::inventory::v1;
inline constexpr char kService[] = "bookstore.inventory.v1.Inventory";
inline constexpr Method<PrepareRequest, ParticipantReply> kPrepare{kService, "Prepare"};
inline constexpr Method<FinishRequest, ParticipantReply> kCommit{kService, "Commit"};
inline constexpr Method<FinishRequest, ParticipantReply> kAbort{kService, "Abort"};
}  // namespace inventory

namespace payment {
using namespace ::bookstore::payment::v1;
inline constexpr char kService[] = "bookstore.payment.v1.Payment";
inline constexpr Method<TokeniseRequest, TokeniseReply> kTokenise{kService, "Tokenise"};
inline constexpr Method<PrepareRequest, ParticipantReply> kPrepare{kService, "Prepare"};
inline constexpr Method<FinishRequest, ParticipantReply> kCommit{kService, "Commit"};
inline constexpr Method<FinishRequest, ParticipantReply> kAbort{kService, "Abort"};
}  // namespace payment

namespace executor {
using namespace ::bookstore::order_executor::v1;
inline constexpr char kService[] = "bookstore.order_executor.v1.OrderExecutor";
inline constexpr Method<SubmitRequest, SubmitReply> kSubmit{kService, "Submit"};
inline constexpr Method<GetOrderRequest, GetOrderReply> kGetOrder{kService, "GetOrder"};
inline constexpr Method<WatchTransitionsRequest, WatchTransitionsReply> kWatchTransitions{
    kService, "WatchTransitions"};
inline constexpr Method<StatusRequest, StatusReply> kStatus{kService, "Status"};
inline constexpr Method<AdminRequest, AdminReply> kRetryOrder{kService, "RetryOrder"};
inline constexpr Method<AdminRequest, AdminReply> kAbortOrder{kService, "AbortOrder"};
inline constexpr Method<GetOrderRequest, DescribeOrderReply> kDescribeOrder{kService,
                                                                            "DescribeOrder"};
}  // namespace executor

}  // namespace bookstore::contracts
