#!/usr/bin/env bash
# tessera-nano 0.8.0: loop filter and lpips filter trained on with streams of large blocks, whose sizes they are told; the lpips
# filter with weights of MS-SSIM, luma and chroma that follow what it may cost. (0.8.0 itself saw pictures of the loop filter
# before, and weights that began at 0.5, 0.2 and 0.1.)
#
#   CLIPS=list.txt HD=list.txt STILLS=list.txt FLOAT=file LPIPS_ONNX=file training/runs/nano-8-filters.sh
#
# CLIPS, HD and STILLS are files with one path per line; FLOAT is checkpoints/nano-lpips-filter.pt of 0.6.0, commit 654b347 (or of
# today, to go on). With SHARDS=folder nothing is dumped. Stopping and starting again goes on from the last checkpoint.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${FLOAT:?float weights to start from}" "${LPIPS_ONNX:?LPIPS-alex as ONNX}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/nano-8}
pack=${PACK:-../codecs/tessera-nano}
shards=${SHARDS:-$out/pictures}
export PYTHONPATH=.
mkdir -p "$out"
dump() {
  node ../dist/src/dev/main.js dump --loop-filter on --quality-range 8..44 --pack "$pack" --out "$shards" "$@"
}
if [[ -z ${SHARDS:-} ]]; then
  : "${CLIPS:?file that lists clips}" "${HD:?file that lists clips of 640x384}" "${STILLS:?file that lists photographs}"
  seed=501
  for tune in lpips psnr; do
    dump --tune "$tune" --seed "$seed" --list "$STILLS" --frames 9 --camera --crop 512
    dump --tune "$tune" --seed "$seed" --list "$HD" --frames 17
    dump --tune "$tune" --seed "$seed" --list "$CLIPS" --frames 13
    seed=$((seed + 1))
  done
fi
train() {
  "$python" -m tessera_training.post_filter --target lpips --lpips-onnx "$LPIPS_ONNX" --shards "$shards" --threads 1 \
    --evaluation-frames 1 --out "$out/$1" "${@:2}"
}
loop() {
  "$python" -m tessera_training.loop_filter --shards "$shards" --threads 1 --evaluation-frames 1 --out "$out/$1" "${@:2}"
}
loop loop-1 --start-from "$pack" --learning-rate 3e-3 --minutes 25
loop loop-2 --start-from "$out/loop-1/checkpoint.pt" --learning-rate 2e-3 --minutes 15
train float --start-from "$FLOAT" --learning-rate 5e-4 --evaluate-every 12 --minutes "${MINUTES:-100}"
train lpips --start-from "$out/float/checkpoint.pt" --eight-bit --learning-rate 0 --steps 1
"$python" -m tessera_training.export --out "$pack" --version "${VERSION:-0.8.0}" --post-filter-lpips "$out/lpips/checkpoint.pt" \
  --loop-filter "$out/loop-2/checkpoint.pt"
