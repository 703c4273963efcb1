#!/usr/bin/env bash
# Two minutes on made-up data: every trainer runs, and a pack with all their parts is written. Nothing is learned.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/smoke}
export PYTHONPATH=.
rm -rf "$out"
"$python" -m tessera_training.synthetic --out "$out/shards" --clips 4 --rows 10 --columns 12 --frames 3
common=(--shards "$out/shards" --held-out-every 4)
"$python" -m tessera_training.export --initial --out "$out/pack" --name smoke
"$python" -m tessera_training.prior "${common[@]}" --pack "$out/pack" --out "$out/prior" --minutes 0.5
"$python" -m tessera_training.loop_filter "${common[@]}" --out "$out/loop-filter" --minutes 0.4
"$python" -m tessera_training.post_filter --target psnr "${common[@]}" --out "$out/post-filter-psnr" --minutes 0.4
parts=(--prior "$out/prior/checkpoint.pt" --loop-filter "$out/loop-filter/checkpoint.pt")
parts+=(--post-filter-psnr "$out/post-filter-psnr/checkpoint.pt")
if [[ -n "${LPIPS_ONNX:-}" ]]; then
  "$python" -m tessera_training.post_filter --target lpips --lpips-onnx "$LPIPS_ONNX" "${common[@]}" \
    --out "$out/post-filter-lpips" --minutes 0.4
  parts+=(--post-filter-lpips "$out/post-filter-lpips/checkpoint.pt")
fi
"$python" -m tessera_training.export --out "$out/pack" "${parts[@]}" --modes --shards "$out/shards" --data "made-up data"
