#!/usr/bin/env bash
# tessera-nano 0.6.0: the lpips filter of 0.5.0, averaged with what it became when it was trained on with new draws of clips and
# photographs and no longer allowed to draw the same pattern into every cell.
#
#   CLIPS=list.txt STILLS=list.txt FLOAT=file LPIPS_ONNX=file training/runs/nano-6.sh
#
# CLIPS and STILLS are files with one path per line; FLOAT is checkpoints/nano-lpips-filter.pt of 0.5.0, commit 11ab34c. The
# dumps take a quarter of an hour on two cores, the training an hour. To go on from what it gave, start from
# checkpoints/nano-lpips-filter.pt as it is now.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CLIPS:?file that lists clips}" "${STILLS:?file that lists photographs}" "${FLOAT:?filter of 0.5.0}" "${LPIPS_ONNX:?LPIPS-alex as ONNX}"
source runs/pictures.sh
out=${OUT:-runs/out/nano-6}
mkdir -p "$out"
dump_pictures "$out/pictures" "103 104" "203 204" "214 215"
train() {
  "$python" -m tessera_training.post_filter --target lpips --lpips-onnx "$LPIPS_ONNX" --shards "$out/pictures" \
    --threads 2 --evaluation-frames 1 --out "$out/$1" "${@:2}"
}
train float --start-from "$FLOAT" --learning-rate 7e-4 --evaluate-every 15 --minutes 59
"$python" -m tessera_training.average "$FLOAT" "$out/float/checkpoint.pt" --half --out "$out/averaged.pt"
train lpips --start-from "$out/averaged.pt" --eight-bit --learning-rate 0 --steps 1
"$python" -m tessera_training.export --out "$pack" --version 0.6.0 --post-filter-lpips "$out/lpips/checkpoint.pt"
