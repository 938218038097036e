# shellcheck shell=bash
# How the scripts speak: one line for a step, one clear sentence for an error.

say() { printf '%s\n' "$*" >&2; }

die() {
  printf 'bookstore: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root: run it as root, or install sudo ($*)"
  fi
}

# quietly LOG WHAT COMMAND…: runs it with its output in LOG; shows the end of LOG if it fails.
quietly() {
  local log=$1 what=$2
  shift 2
  mkdir -p -- "$(dirname -- "$log")" || die "cannot write to $(dirname -- "$log")"
  "$@" >"$log" 2>&1 </dev/null && return
  tail -n 30 -- "$log" >&2
  die "$what failed; the whole output is in $log"
}
