# shellcheck shell=bash
# pgvector for the private PostgreSQL: the distribution's package where it is new enough, else
# built from the newest source package of the distribution's later releases.

readonly PGVECTOR_WANTED=0.8.6
readonly PINNED_PGVECTOR=0.8.6-1
readonly LATER_RELEASES='trixie trixie-backports forky sid'

# What an older version lacks.
pgvector_fixes() {
  cat <<'TABLE'
0.8.0  iterative scans: a filtered search may return too few books
0.8.2  a buffer overflow in parallel HNSW builds
0.8.3  HNSW indexes that a vacuum can corrupt
0.8.4  HNSW graphs that lose entries inserted during a vacuum
0.8.6  errors of IVFFlat indexes
TABLE
}

newer_or_equal() { dpkg --compare-versions "$1" ge "$2"; }

# The newest server that is installed together with what extensions are built with.
postgres_bin() {
  local bin
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -V | tail -n 1)
  [[ -x $bin ]] || die "postgresql-server-dev is installed but has no pg_config under /usr/lib/postgresql"
  printf '%s\n' "${bin%/pg_config}"
}

installed_pgvector() {
  sed -n "s/^default_version *= *'\(.*\)'/\1/p" \
    "$("$(postgres_bin)/pg_config" --sharedir)/extension/vector.control" 2>/dev/null || true
}

provide_pgvector() {
  local have
  have=$(installed_pgvector)
  [[ -n $have ]] && acceptable_without_looking "$have" && return
  [[ $INSTALL == yes ]] ||
    die "pgvector ${have:-(none)} is installed and $PGVECTOR_WANTED or later is needed; without --no-install it is provided from the distribution"
  install_newest_pgvector "$have"
  have=$(installed_pgvector)
  newer_or_equal "${have:-0}" "$PGVECTOR_WANTED" || judge_old_pgvector "${have:-none}"
}

# Once the user has accepted an old version, a later start does not look for a newer one again.
acceptable_without_looking() {
  newer_or_equal "$1" "$PGVECTOR_WANTED" && return
  [[ -n $ACCEPT_PGVECTOR ]] && newer_or_equal "$1" "$ACCEPT_PGVECTOR"
}

judge_old_pgvector() {
  local have=$1
  say "the newest pgvector to be had is $have; $PGVECTOR_WANTED or later is needed. What $have lacks:"
  local version what
  while read -r version what; do
    if [[ $have != none ]] && newer_or_equal "$have" "$version"; then continue; fi
    say "  fixed in $version: $what"
  done < <(pgvector_fixes)
  if [[ -n $ACCEPT_PGVECTOR ]] && newer_or_equal "$have" "$ACCEPT_PGVECTOR"; then
    say "going on with $have because of --accept-pgvector $ACCEPT_PGVECTOR"
    return
  fi
  [[ $have == none ]] && die "pgvector could not be provided; the output is in $ROOT/build/pgvector"
  die "to go on with it all the same: --accept-pgvector $have"
}

# $1: the version that is installed now, or empty.
install_newest_pgvector() {
  local version package candidate
  version=$(basename -- "$(dirname -- "$(postgres_bin)")")
  package=postgresql-$version-pgvector
  candidate=$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^  Candidate: //p')
  if [[ -n $candidate && $candidate != '(none)' ]] && newer_or_equal "$candidate" "$PGVECTOR_WANTED"; then
    say "installing $package $candidate"
    install_packages "$package"
  else
    build_pgvector "$1"
  fi
}

# The distribution's own archive as this machine's apt is configured to reach it.
distribution_mirror() {
  # shellcheck disable=SC2016  # apt expands these
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
    awk '$2 == "Debian" && $3 == "Debian" && !found {print $1; found = 1}'
}

distribution_keyring() {
  local keyring
  for keyring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
    [[ -r $keyring ]] && printf '%s\n' "$keyring" && return
  done
  die "the distribution's keyring /usr/share/keyrings/debian-archive-keyring.gpg is missing (package debian-archive-keyring)"
}

# An apt of its own, so that later releases never reach the machine's package lists. apt checks
# the archive's signature and with it every file that is downloaded.
private_apt() {
  local command=$1
  shift
  "$command" -q -o "Dir::State=$APT_DIR/state" -o "Dir::State::status=$APT_DIR/status" \
    -o "Dir::Cache=$APT_DIR/cache" -o "Dir::Etc::sourcelist=$APT_DIR/later.sources" \
    -o Dir::Etc::sourceparts=- -o Dir::Etc::preferences=- -o Dir::Etc::preferencesparts=- \
    -o APT::Sandbox::User="$(id -un)" "$@"
}

prepare_private_apt() {
  local mirror
  mirror=$(distribution_mirror)
  [[ -n $mirror ]] || die "apt names no Debian archive here, so pgvector's source cannot be fetched"
  APT_DIR=$ROOT/build/pgvector/apt
  mkdir -p -- "$APT_DIR/state/lists/partial" "$APT_DIR/cache/archives/partial"
  : >"$APT_DIR/status"
  printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
    "$mirror" "$LATER_RELEASES" "$(distribution_keyring)" >"$APT_DIR/later.sources"
  # A release that cannot be read (a mirror that lags may carry an expired one) is one source less,
  # not the end: what is left is judged below.
  private_apt apt-get update >"$ROOT/build/pgvector/apt-update.log" 2>&1 </dev/null ||
    say "not every later release can be read; the reasons are in $ROOT/build/pgvector/apt-update.log"
}

# Builds the best source package that can be had: a later release's that is new enough, else the
# pinned one, else the newest older one, which the caller then judges. $1: what is installed now.
build_pgvector() {
  say "the distribution's pgvector is older than $PGVECTOR_WANTED: looking at its later releases"
  prepare_private_apt
  build_listed_pgvector "$PGVECTOR_WANTED" && return
  download_pinned_pgvector && compile_pgvector "$PINNED_PGVECTOR" && return
  build_listed_pgvector "${1:-0}" || say "no source package of pgvector can be had"
}

# Builds the newest listed version that is at least $1 and can be downloaded.
build_listed_pgvector() {
  local version
  while read -r version; do
    newer_or_equal "${version%-*}" "$1" || return 1
    if download_pgvector "$version"; then
      compile_pgvector "$version"
      return
    fi
    say "pgvector $version is listed but cannot be downloaded: $(grep -m 1 '^E: ' "$ROOT/build/pgvector/download.log" | sed 's|[a-z]*://[^ ]*/||')"
  done < <(later_pgvectors)
  return 1
}

later_pgvectors() {
  private_apt apt-cache madison pgvector | awk -F ' *[|] *' '{print $2}' | sort -Vru
}

# Mirrors lag: one may list a version whose files it does not have yet, beside the one before it.
# So one release is pinned by hash (tools/pgvector.sha256), taken after its uploader's signature
# was checked with dscverify; apt fetches these bytes and no others.
download_pinned_pgvector() {
  local source=$ROOT/build/pgvector/source mirror hash file
  mirror=$(distribution_mirror)
  say "falling back on pgvector $PINNED_PGVECTOR, which is pinned by hash"
  rm -rf -- "$source"
  mkdir -p -- "$source"
  while read -r hash file; do
    /usr/lib/apt/apt-helper -o "APT::Sandbox::User=$(id -un)" download-file \
      "${mirror%/}/pool/main/p/pgvector/$file" "$source/$file" "SHA256:$hash" \
      >"$ROOT/build/pgvector/download.log" 2>&1 </dev/null ||
      { say "$file cannot be had, or has other bytes than its pinned hash"; return 1; }
  done <"$ROOT/tools/pgvector.sha256"
}

download_pgvector() {
  rm -rf -- "$ROOT/build/pgvector/source"
  mkdir -p -- "$ROOT/build/pgvector/source"
  (cd -- "$ROOT/build/pgvector/source" && private_apt apt-get source --download-only "pgvector=$1") \
    >"$ROOT/build/pgvector/download.log" 2>&1 </dev/null
}

compile_pgvector() {
  say "building pgvector $1 from its source package"
  local source=$ROOT/build/pgvector/source
  quietly "$ROOT/build/pgvector/unpack.log" "unpacking pgvector" \
    dpkg-source -x "$source"/pgvector_*.dsc "$source/tree"
  # OPTFLAGS: no -march=native, the library must run where the folder is copied to.
  local make=(make -s -C "$source/tree" "PG_CONFIG=$(postgres_bin)/pg_config" OPTFLAGS= with_llvm=no)
  quietly "$ROOT/build/pgvector/build.log" "building pgvector" "${make[@]}" "-j$(nproc)"
  quietly "$ROOT/build/pgvector/install.log" "installing pgvector" as_root "${make[@]}" install
}
