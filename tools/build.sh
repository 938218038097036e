# shellcheck shell=bash
# Builds a preset, quietly: one progress line on a terminal, a line each tenth elsewhere.

# Clones of the project share what ccache knows, wherever they lie.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$ROOT} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}

# build PRESET TARGET… ; the target `apps` stands for all processes and the cli.
build() {
  local preset=$1
  shift
  configure "$preset"
  local target targets=()
  for target in "$@"; do
    if [[ $target == apps ]]; then
      mapfile -t -O "${#targets[@]}" targets < <(app_targets)
    else
      targets+=("$target")
    fi
  done
  if [[ -t 2 ]]; then
    build_on_terminal "$preset" "${targets[@]}"
  else
    build_in_log "$preset" "${targets[@]}"
  fi
}

configure() {
  [[ -f $ROOT/build/$1/build.ninja ]] && return
  say "configuring the $1 build"
  quietly "$ROOT/build/configure-$1.log" "configuring" cmake -S "$ROOT" --preset "$1"
}

app_targets() {
  local file
  for file in "$ROOT"/apps/*_main.cc; do
    basename -- "$file" .cc
  done
}

build_on_terminal() {
  NINJA_STATUS="building $1 [%f/%t, %es] " ninja -C "$ROOT/build/$1" -j "$(nproc)" "${@:2}" >&2 ||
    die "the build failed"
}

build_in_log() {
  local preset=$1 log=$ROOT/build/build-$1.log
  shift
  NINJA_STATUS='[%f/%t %es] ' ninja -C "$ROOT/build/$preset" -j "$(nproc)" "$@" 2>&1 | tee "$log" |
    awk -v preset="$preset" '
      match($0, /^\[[0-9]+\/[0-9]+/) {
        split(substr($0, 2, RLENGTH - 1), part, "/")
        tenth = int(10 * part[1] / part[2])
        if (part[2] > 20 && tenth > last) { last = tenth; print "building " preset ": " $1 " " $2; fflush() }
        failing = 0
      }
      /^FAILED:/ { failing = 1 }
      failing || /error:/ { print; fflush() }' >&2 || die "the build failed; the whole output is in $log"
}
