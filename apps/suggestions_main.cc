// suggestions: the nearest books to a cart or a book, by the meaning of what they are about.
#include "embedding/model.h"
#include "postgres/health_probe.h"
#include "process/process.h"
#include "rpc/server.h"
#include "suggestions/indexer.h"
#include "suggestions/service.h"
#include "suggestions/store.h"
#include "telemetry/log.h"

namespace {

using namespace bookstore;

constexpr base::DurationMs kStartMs = 10'000;

int run(int argc, char** argv) {
  process::Process process({.name = "suggestions",
                            .purpose = "Suggests books near a cart, and keeps their vectors.",
                            .listen = "127.0.0.1:7103"},
                           argc, argv);
  std::string database, model_folder, accepted_pgvector;
  bool own_model = false;
  int64_t threads = 4;
  process.option("database", &database, "PostgreSQL URL", process::Process::Required::kYes);
  process.option("model", &model_folder, "Folder of the embedding model",
                 process::Process::Required::kYes);
  process.flag("own-model", &own_model, "Take any BERT sentence-transformers folder as the model");
  process.option("accept-pgvector", &accepted_pgvector,
                 "Oldest pgvector to run with, if not 0.8.6");
  process.option("threads", &threads, "Calls served at once, each with a connection", 1, 64);
  if (const auto exit_code = process.parse()) return *exit_code;

  auto model = own_model ? embedding::Model::load_unpinned(model_folder)
                         : embedding::Model::load(model_folder);
  if (!model.ok()) return process.fail(model.status());
  if (model->width() != suggestions::Store::kWidth) {
    return process.fail(absl::FailedPreconditionError("the model's vectors are not 384 wide"));
  }
  telemetry::log(telemetry::Level::kInfo, "model_loaded",
                 {{"revision", model->revision()}, {"runs_on", model->implementation()}});

  // One connection a serving thread, one for the indexer's work, one for the probe.
  postgres::Pool pool({database, static_cast<size_t>(threads) + 2}, process.clock());
  postgres::HealthProbe probe(pool);
  suggestions::Store store(pool, model->revision());
  if (const auto status =
          store.check_pgvector(accepted_pgvector, base::Deadline::after(process.clock(), kStartMs));
      !status.ok()) {
    return process.fail(status);
  }
  const auto encode = [&](std::span<const std::string> texts) { return model->encode(texts); };
  suggestions::Indexer indexer({.conninfo = database}, store, encode, process.clock(),
                               process.metrics());
  suggestions::Service service({}, store, process.clock(), process.metrics());
  causality::Ledger ledger({.host = "suggestions"}, process.clock());
  rpc::Server server({.listen = process.listen(), .threads = static_cast<size_t>(threads)},
                     process.clock(), &ledger);
  service.register_on(server);
  server.export_metrics(process.metrics());

  process.readiness().ask("postgresql", [&probe] { return probe.reason(); });
  process.readiness().ask(
      "index", [&indexer] { return indexer.behind(); }, /*required=*/false);
  if (const auto port = server.start(); !port.ok()) return process.fail(port.status());
  if (const auto status = process.start(); !status.ok()) return process.fail(status);
  indexer.start();
  process.set_ready(true);
  return process.run_until_stopped([&](base::Deadline deadline) { server.shutdown(deadline); });
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv);
}
