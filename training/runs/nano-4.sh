#!/usr/bin/env bash
# tessera-nano 0.4.0: the lpips filter of 0.3.0 with 8-bit 1x1 layers, half as long to evaluate; nothing else changes.
#
#   CLIPS=list.txt LPIPS_ONNX=file training/runs/nano-4.sh
#
# CLIPS is a file with one path per line. The dumps take ten minutes on two cores, the rest two: ranges of channels are
# taken from pictures, no weight is trained further (LOG.md says what further training gave).
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CLIPS:?file that lists clips}" "${LPIPS_ONNX:?LPIPS-alex as ONNX}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/nano-4}
pack=${PACK:-../codecs/tessera-nano}
export PYTHONPATH=.
mkdir -p "$out"
for seed in 1 2 3; do
  node ../dist/src/dev/main.js dump --loop-filter on --crop 256 --workers 2 --pack "$pack" \
    --out "$out/pictures" --quality-range 8..54 --list "$CLIPS" --frames 17 --seed "$seed"
done
"$python" -m tessera_training.post_filter --target lpips --lpips-onnx "$LPIPS_ONNX" --shards "$out/pictures" --threads 2 \
  --start-from "$pack" --out "$out/lpips" --eight-bit --learning-rate 0 --steps 1
"$python" -m tessera_training.export --out "$pack" --version 0.4.0 --post-filter-lpips "$out/lpips/checkpoint.pt"
