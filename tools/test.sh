# shellcheck shell=bash
# ./bookstore test: one function a suite. Each builds what it needs and ends in a tally.

suites() {
  cat <<'TABLE'
fast           unit, property, scenario and integration tests, release build (what plain 'test' runs)
asan           the fast tests under AddressSanitizer and UBSan
tsan           the tests of the pure targets under ThreadSanitizer
executor-kill  kill -9 of the executor under 20 orders a second loses no accepted order
sequences      10,000 random call sequences at inventory and payment: SQL and pure table agree
races          1,000 requests with one key, 500 buyers of 50 copies: one and two orchestrators, one killed
chaos          kill -9 of every process in turn, three rounds, under 50 orders a second, two orchestrators
models         the commit protocol, every state of small scopes, over the production cores
mutants        30 broken rules of the commit protocol: the models find each
crash-points   kill -9 before and after each durable write of an order; --only POINT/SCENARIO for one
readme         the commands of the README, as they stand there, on a platform of their own
headers        every header compiles alone
format         clang-format finds nothing to change, shellcheck nothing to say
TABLE
}

PASSED=0
FAILED=0

run_tests() {
  local chosen=()
  while (($#)); do
    case $1 in
      --list)
        suites
        return
        ;;
      --suite)
        (($# > 1)) || die "--suite needs a name; './bookstore test --list' has them"
        chosen+=("$2")
        shift
        ;;
      --only)
        (($# > 1)) || die "--only needs POINT or POINT/SCENARIO, such as claim.before/completed"
        export BOOKSTORE_CRASH_ONLY=$2
        shift
        ;;
      --suite=*) chosen+=("${1#*=}") ;;
      *) die "test: unknown option $1; it takes --suite NAME, --only CASE and --list" ;;
    esac
    shift
  done
  ((${#chosen[@]})) || chosen=(fast)
  run_suites "${chosen[@]}"
}

run_suites() {
  local suite
  for suite in "$@"; do
    suites | grep -q "^$suite " || die "there is no suite '$suite'; './bookstore test --list' has them"
  done
  provide_packages
  for suite in "$@"; do
    say "suite $suite"
    "suite_${suite//-/_}"
  done
  printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  ((FAILED == 0 && PASSED > 0))
}

suite_fast() {
  build release all
  with_database release -L '^fast$'
}

# Everything: the integration tests start the platform's binaries of the same build.
suite_asan() {
  build release bookstore_main
  build asan all
  with_database asan -L '^fast$'
}

suite_tsan() {
  build release bookstore_main
  build_tests_labelled tsan '^pure$'
  TSAN_OPTIONS=halt_on_error=1 run_ctest tsan ctest -L '^pure$'
}

suite_executor_kill() {
  build release apps executor_kill_test
  with_database release -L '^executor-kill$'
}

# A slice for CI: two thousand. The seed is the commit's, or BOOKSTORE_SEED.
suite_sequences() {
  build release inventory_store_test payment_test
  local seed=${BOOKSTORE_SEED:-$((16#$(git -C "$ROOT" rev-parse HEAD 2>/dev/null | cut -c1-8 || echo 1)))}
  say "BOOKSTORE_SEED=$seed replays this run"
  BOOKSTORE_SEED=$seed BOOKSTORE_SEQUENCES=$([[ -n ${BOOKSTORE_SLICE:-} ]] && echo 2000 || echo 10000) GTEST_FILTER='*Sequences*' \
    with_database release -R '^(inventory_store_test|payment_test)$'
}

# A slice for CI: two orchestrators, and one death instead of four.
suite_races() {
  build release apps integration_races_test
  GTEST_FILTER="${BOOKSTORE_SLICE:+TwoOrchestrators.}*" with_database release -L '^races$'
}

# A slice for CI: one round of those that hold most of an order's state.
suite_chaos() {
  build release apps
  provide_pgvector
  provide_model
  local options=(--rounds 3)
  [[ -z ${BOOKSTORE_SLICE:-} ]] ||
    options=(--rounds 1 "--processes=executor,orchestrator-1,payment,inventory,postgres,supervisor")
  tally "no order is lost, none is charged twice" \
    "$BIN/bookstore" chaos --rate 50 "${options[@]}" "${MODEL_OPTIONS[@]}"
}

# BOOKSTORE_SLICE: without the largest scope.
suite_models() {
  build release checkout_models models_explorer_test
  tally "models: the explorer itself" "$ROOT/build/release/tests/models/models_explorer_test" --gtest_brief=1
  tally "models: every property in every state" \
    "$ROOT/build/release/tests/models/checkout_models" ${BOOKSTORE_SLICE:+--slice}
}

suite_mutants() {
  build release checkout_models
  tally "mutants: each broken rule is found" \
    "$ROOT/build/release/tests/models/checkout_models" --mutants
}

# Every crash point needs a build that has them: the sanitizers' does. A whole run writes its results
# into docs/failure-model.md; a slice (BOOKSTORE_SLICE: its seed) and --only leave the page alone.
suite_crash_points() {
  build release bookstore_main
  grep -qs 'BOOKSTORE_CRASH_POINTS:[A-Z]*=ON' "$ROOT/build/asan/CMakeCache.txt" ||
    rm -f -- "$ROOT/build/asan/build.ninja" # made before there were any: configure again
  build asan apps crash_points_test
  BOOKSTORE_CRASH_TABLE=$ROOT/docs/failure-model.md with_database asan -L '^crash-points$'
}

# Runs what the README tells its reader to run. Only the port and the state folder differ, so that a
# platform that runs here is not met.
suite_readme() {
  command -v curl >/dev/null || need_tools curl
  build release apps
  provide_pgvector
  provide_model
  local state port=$((20000 + RANDOM % 10000))
  state=$(mktemp -d /tmp/bookstore-readme-XXXXXX)
  chmod 755 "$state"
  tally "README: ./bookstore up" "$ROOT/bookstore" up --detach --state "$state" --http "$port"
  tally "README: the order is accepted, then completed" readme_order "$port"
  tally "README: ./bookstore demo" "$ROOT/bookstore" demo --state "$state"
  tally "README: ./bookstore orders list" "$ROOT/bookstore" orders list needs_attention --state "$state"
  tally "README: ./bookstore bench checkout" "$ROOT/bookstore" bench checkout --rate 20 --seconds 3 --state "$state"
  tally "README: ./bookstore audit" "$ROOT/bookstore" audit --state "$state"
  tally "README: ./bookstore status" "$ROOT/bookstore" status --state "$state"
  tally "README: ./bookstore down" "$ROOT/bookstore" down --state "$state"
  rm -rf -- "$state"
}

# The README's curl, with another port; then the order it made, waited for as the README says.
readme_order() {
  local command answer location
  command=$(awk '/^```sh$/ {block = ""; inside = 1; next}
                 /^```$/ {if (inside && block ~ /v1\/checkout/) print block; inside = 0}
                 inside {block = block $0 "\n"}' "$ROOT/README.md")
  [[ -n $command ]] || die "the README has no order any more"
  answer=$(bash -c "${command//localhost:8080/localhost:$1}" 2>/dev/null)
  grep -q '^HTTP/1.1 202' <<<"$answer" || die "the README's order was answered: $answer"
  location=$(sed -n 's/^Location: \(.*\)\r$/\1/p' <<<"$answer")
  curl -fsS -H 'Prefer: wait=10' "http://localhost:$1$location" | grep -q '"status":"completed"'
}

suite_headers() {
  configure release
  tally "every header compiles alone" build release all_verify_interface_header_sets
}

suite_format() {
  command -v clang-format-16 >/dev/null || need_tools clang-format-16
  command -v shellcheck >/dev/null || need_tools shellcheck
  tally "C++ is formatted" format_check
  tally "scripts are sound" shellcheck -x "$ROOT/bookstore" "$ROOT"/tools/*.sh "$ROOT/.ci/run"
}

format_check() {
  (cd -- "$ROOT" && git ls-files -z '*.cc' '*.h' | xargs -0 -r clang-format-16 --dry-run -Werror)
}

need_tools() {
  [[ $INSTALL == yes ]] || die "this suite needs the package $1: apt-get install $1"
  say "installing $1"
  quietly "$ROOT/build/apt-update.log" "apt-get update" as_root apt-get update
  install_packages "$@"
}

# tally WHAT COMMAND…: a check that is not a ctest counts as one test.
tally() {
  local what=$1 started=$SECONDS
  shift
  if ("$@"); then
    PASSED=$((PASSED + 1))
    say "  passed  $what ($((SECONDS - started)) s)"
  else
    FAILED=$((FAILED + 1))
    say "  failed  $what ($((SECONDS - started)) s)"
  fi
}

# Builds the tests of a label alone: a sanitizer build needs no binaries of the platform.
build_tests_labelled() {
  local preset=$1 label=$2 tests
  configure "$preset"
  mapfile -t tests < <(ctest --test-dir "$ROOT/build/$preset" -N -L "$label" | sed -n 's/^ *Test *#[0-9]*: //p')
  ((${#tests[@]})) || die "no test carries the label $label"
  build "$preset" "${tests[@]}"
}

# The tests' databases live in a private PostgreSQL that is made for this run and goes with it. Those
# of the embedding model and of the whole platform find the model in BOOKSTORE_MODEL_DIR.
with_database() {
  local preset=$1
  shift
  provide_pgvector
  provide_model
  BOOKSTORE_MODEL_DIR=$MODEL_DIR BOOKSTORE_ACCEPT_PGVECTOR=$ACCEPT_PGVECTOR \
    run_ctest "$preset" "$BIN/bookstore" with-database -- ctest "$@"
}

# run_ctest PRESET COMMAND… : COMMAND ends in ctest and its filters. Adds to the tally.
run_ctest() {
  local preset=$1 report=$ROOT/build/$1/tests.xml status=0
  shift
  rm -f -- "$report"
  "$@" --test-dir "$ROOT/build/$preset" --output-on-failure --no-tests=error -j "$(nproc)" \
    --output-junit "$report" || status=$?
  [[ -s $report ]] || die "the tests did not run"
  local all failed skipped
  all=$(junit_count tests "$report") failed=$(junit_count failures "$report") skipped=$(junit_count skipped "$report")
  PASSED=$((PASSED + all - failed - skipped)) FAILED=$((FAILED + failed))
  # A test that could not even be started is "not run" in the report, and no success.
  ((status == 0 || failed > 0)) || FAILED=$((FAILED + 1))
}

junit_count() { sed -n "s/.*<testsuite.* $1=\"\([0-9]*\)\".*/\1/p;t;s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1; }
