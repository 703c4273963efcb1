#!/usr/bin/env bash
# The lpips filter, trained on on a GPU that is at hand for minutes and reached with little data.
#
#   SHARDS=folder training/runs/gpu-filter.sh pack       here: packs crops of shards into runs/out/gpu-filter/crops.npz, 20 MiB
#   training/runs/gpu-filter.sh train                    there: unpacks them and trains for seven minutes
#
# `train` needs crops.npz, the checkpoint START (checkpoints/nano-lpips-filter.pt), LPIPS_ONNX (models/lpips-alex) and Python with
# torch, onnx and numpy. It gives RESULT/checkpoint.pt (5 MB) and RESULT/log.jsonl; runs/nano-8-filters.sh goes on from there
# with FLOAT=checkpoint.pt MINUTES=0. DEVICE=cpu MINUTES=1 BATCH=4 tries it without a GPU.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-../.venv/bin/python}
folder=runs/out/gpu-filter
export PYTHONPATH=.
mkdir -p "$folder"
case ${1:-} in
  pack)
    "$python" -m tessera_training.pick --shards "${SHARDS:?folder with shards}" --file "$folder/crops.npz" --crops "${CROPS:-350}"
    ;;
  train)
    "$python" -m tessera_training.pick --file "$folder/crops.npz" --out "$folder/shards"
    "$python" -m tessera_training.post_filter --target lpips --device "${DEVICE:-cuda}" --batch "${BATCH:-64}" \
      --lpips-onnx "${LPIPS_ONNX:-../models/lpips-alex/lpips-alex.onnx}" --shards "$folder/shards" \
      --start-from "${START:-checkpoints/nano-lpips-filter.pt}" --learning-rate "${RATE:-8e-4}" --minutes "${MINUTES:-7}" \
      --evaluation-frames 1 --evaluate-every 3 --out "${RESULT:-$folder/result}"
    ;;
  *)
    echo "usage: $0 pack|train" >&2
    exit 2
    ;;
esac
