#!/usr/bin/env bash
# The second training of tessera-nano: goes on from the pack's own weights on what the encoder with B frames makes.
#
#   CLIPS=list.txt STILLS=list.txt LPIPS_ONNX=file training/runs/nano-2.sh
#
# CLIPS and STILLS are files with one path per line. One thread each: prior 42 minutes, loop filter 17, post-filters 15
# (psnr) and 22 (lpips), beside other work on two cores; LOG.md has samples and figures. The dump takes 40 minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CLIPS:?file that lists clips}" "${STILLS:?file that lists photographs}" "${LPIPS_ONNX:?LPIPS-alex as ONNX}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/nano-2}
pack=${PACK:-../codecs/tessera-nano}
shards=$out/shards
export PYTHONPATH=.
dump() { node ../dist/src/dev/main.js dump --out "$shards" --quality-range 8..46 --loop-filter on --pack "$pack" "$@"; }
dump --list "$CLIPS" --frames 17 --seed 1 --workers 2
dump --list "$STILLS" --frames 1 --seed 1 --crop 512 --workers 2
dump --list "$CLIPS" --frames 25 --seed 2 --crop 256 --workers 2
train() { "$python" -m "tessera_training.$@" --shards "$shards" --start-from "$pack" --threads 1; }
train prior --pack "$pack" --out "$out/prior" --learning-rate 1e-3 --minutes 42
train loop_filter --out "$out/loop-filter" --learning-rate 4e-3 --minutes 17
train post_filter --target psnr --lpips-onnx "$LPIPS_ONNX" --out "$out/psnr" --learning-rate 6e-4 --minutes 15
train post_filter --target lpips --lpips-onnx "$LPIPS_ONNX" --out "$out/lpips" --learning-rate 6e-4 --minutes 22
"$python" -m tessera_training.export --out "$pack" --version 0.2.0 --shards "$shards" --modes \
  --prior "$out/prior/checkpoint.pt" --loop-filter "$out/loop-filter/checkpoint.pt" \
  --post-filter-psnr "$out/psnr/checkpoint.pt" --post-filter-lpips "$out/lpips/checkpoint.pt"
