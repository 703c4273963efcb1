#!/usr/bin/env bash
# The third training of tessera-nano: finer chroma steps at low frequencies, the lpips filter by relative distance, tables
# and prior for the encoder that tunes for LPIPS.
#
#   CLIPS=list.txt STILLS=list.txt LPIPS_ONNX=file training/runs/nano-3.sh
#
# CLIPS and STILLS are files with one path per line. One thread each: lpips filter 105 and 8 minutes, prior 12, beside other
# work on two cores; LOG.md has samples and figures. The dumps take a quarter of an hour. The filter's 105
# minutes for 0.3.0 saw pictures of the encoder before --tune, with coarser chroma; a run of this file has today's.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CLIPS:?file that lists clips}" "${STILLS:?file that lists photographs}" "${LPIPS_ONNX:?LPIPS-alex as ONNX}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/nano-3}
pack=${PACK:-../codecs/tessera-nano}
next=$out/pack
export PYTHONPATH=.
mkdir -p "$out"
cp -r "$pack" "$next"
"$python" -m tessera_training.export --out "$next" --version 0.3.0 --chroma-weights 18 12
dump() { node ../dist/src/dev/main.js dump --loop-filter on --crop 256 --workers 2 --pack "$next" "$@"; }
for seed in 11 12 13 14; do dump --out "$out/pictures" --quality-range 8..56 --list "$CLIPS" --frames 17 --seed "$seed"; done
dump --out "$out/pictures" --quality-range 8..56 --list "$STILLS" --frames 1 --seed 11 --crop 512
for seed in 21 22; do dump --out "$out/tokens" --quality-range 6..48 --list "$CLIPS" --frames 17 --seed "$seed"; done
train() { "$python" -m "tessera_training.$@" --start-from "$pack" --threads 1; }
train post_filter --target lpips --lpips-onnx "$LPIPS_ONNX" --shards "$out/pictures" --out "$out/lpips" --learning-rate 1e-3 --minutes 105
"$python" -m tessera_training.post_filter --target lpips --lpips-onnx "$LPIPS_ONNX" --shards "$out/tokens" --threads 1 \
  --start-from "$out/lpips/checkpoint.pt" --out "$out/lpips-tuned" --learning-rate 3e-4 --minutes 8
train prior --pack "$next" --shards "$out/tokens" --out "$out/prior" --learning-rate 5e-4 --minutes 12
"$python" -m tessera_training.export --out "$next" --version 0.3.0 --shards "$out/tokens" --modes \
  --prior "$out/prior/checkpoint.pt" --post-filter-lpips "$out/lpips-tuned/checkpoint.pt"
cp "$next"/* "$pack"/
