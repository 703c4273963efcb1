#!/usr/bin/env bash
# The pack lookup-free from clips: tokenizer (an hour on a CPU tells whether it learns; its committed weights took a GPU),
# tokens of all clips, exact prior, the tokens that an encoder with this prior chooses, a prior of these, pack.
#
#   CLIPS=list LPIPS_ONNX=file training/runs/lookup-free.sh
#
# CLIPS names a file with one clip per line. With TOKENIZER=checkpoint (checkpoints/lookup-free-tokenizer.pt is the
# committed one) no tokenizer is trained. Stopping and starting again goes on from the last checkpoint.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CLIPS:?file with one clip per line}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/lookup-free}
pack=${PACK:-../codecs/lookup-free}
threads=${THREADS:-1}
export PYTHONPATH=. OMP_NUM_THREADS=$threads
run() { "$python" -m "tessera_training.lookup_free.$1" "${@:2}"; }
node ../dist/src/dev/main.js planes --list "$CLIPS" --out "$out/planes" --frames 65
tokenizer=${TOKENIZER:-$out/tokenizer/checkpoint.pt}
if [[ -z ${TOKENIZER:-} ]]; then
  run tokenizer --shards "$out/planes" --lpips-onnx "${LPIPS_ONNX:?LPIPS-alex as ONNX}" --out "$out/tokenizer" \
    --minutes "${TOKENIZER_MINUTES:-240}" --threads "$threads" ${DEVICE:+--device "$DEVICE"}
fi
dump() {
  if [[ ! -e $1/tokens-18.npz ]]; then
    run dump_tokens --planes "$out/planes" --checkpoint "$tokenizer" --out "$@" --frames 25 --size 224
  fi
}
dump "$out/signs"
run prior --shards "$out/signs" --out "$out/first-prior" --minutes "${PRIOR_MINUTES:-65}" --threads "$threads"
dump "$out/tokens" --prior "$out/first-prior/checkpoint.pt"
run prior --shards "$out/tokens" --out "$out/prior" --start-from "$out/first-prior/checkpoint.pt" --learning-rate 7e-4 \
  --minutes "${SECOND_MINUTES:-35}" --threads "$threads"
run export --out "$pack" --tokenizer "$tokenizer" --prior "$out/prior/checkpoint.pt" --tokens "$out/tokens" \
  --data "${DATA:-clips in $(basename "$CLIPS")}"
