#!/usr/bin/env bash
# tessera-nano 0.5.0: post-filters all in 8 bits; the lpips one has twice the hidden channels and saw more kinds of
# pictures: photographs, still and under a moving camera, in all symmetries.
#
#   CLIPS=list.txt STILLS=list.txt FLOAT=folder LPIPS_ONNX=file training/runs/nano-5.sh
#
# CLIPS and STILLS are files with one path per line; FLOAT is the folder of a pack whose lpips filter is in float: that of
# 0.3.0, commit 85a25b7. The dumps take a quarter of an hour on two cores, the training 83 minutes. What it
# gave is checkpoints/nano-lpips-filter.pt of commit 11ab34c.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CLIPS:?file that lists clips}" "${STILLS:?file that lists photographs}" "${FLOAT:?pack of 0.3.0}" "${LPIPS_ONNX:?LPIPS-alex as ONNX}"
source runs/pictures.sh
out=${OUT:-runs/out/nano-5}
mkdir -p "$out"
dump_pictures "$out/pictures" "101 102" "201 202" "211 212 213"
train() { "$python" -m tessera_training.post_filter --shards "$out/pictures" --threads 2 --evaluation-frames 1 "$@"; }
train --target lpips --lpips-onnx "$LPIPS_ONNX" --start-from "$FLOAT" --hidden 320 --out "$out/wide" \
  --learning-rate 8e-4 --evaluate-every 15 --minutes 83
train --target lpips --lpips-onnx "$LPIPS_ONNX" --start-from "$out/wide/checkpoint.pt" --out "$out/lpips" \
  --eight-bit --learning-rate 0 --steps 1
train --target psnr --start-from "$pack" --out "$out/psnr" --eight-bit --learning-rate 0 --steps 1
"$python" -m tessera_training.export --out "$pack" --version 0.5.0 --post-filter-lpips "$out/lpips/checkpoint.pt" \
  --post-filter-psnr "$out/psnr/checkpoint.pt"
