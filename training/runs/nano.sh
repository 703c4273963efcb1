#!/usr/bin/env bash
# tessera-nano from dumped shards: prior 90 minutes, loop filter 30, post-filters 30 each, on one thread.
#
#   SHARDS=folder LPIPS_ONNX=file training/runs/nano.sh
#
# SHARDS is written by the encoder (`tessera-dev dump`); the post-filters want pictures dumped with the trained loop
# filter on, in LOOP_SHARDS (default: SHARDS). Stopping and starting again goes on from the last checkpoint.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${SHARDS:?folder with dumped shards}" "${LPIPS_ONNX:?LPIPS-alex as ONNX}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/nano}
loop_shards=${LOOP_SHARDS:-$SHARDS}
pack=${PACK:-../codecs/tessera-nano}
threads=${THREADS:-1}
export PYTHONPATH=.
"$python" -m tessera_training.prior --shards "$SHARDS" --pack "$pack" --out "$out/prior" --minutes 90 --threads "$threads"
"$python" -m tessera_training.loop_filter --shards "$SHARDS" --out "$out/loop-filter" --minutes 30 --threads "$threads"
"$python" -m tessera_training.export --out "$pack" --prior "$out/prior/checkpoint.pt" \
  --loop-filter "$out/loop-filter/checkpoint.pt" --modes --shards "$SHARDS" --data "${DATA:-shards in $(basename "$SHARDS")}"
for target in psnr lpips; do
  "$python" -m tessera_training.post_filter --target "$target" --lpips-onnx "$LPIPS_ONNX" --shards "$loop_shards" \
    --out "$out/post-filter-$target" --minutes 30 --threads "$threads"
done
"$python" -m tessera_training.export --out "$pack" --post-filter-psnr "$out/post-filter-psnr/checkpoint.pt" \
  --post-filter-lpips "$out/post-filter-lpips/checkpoint.pt"
