#!/usr/bin/env bash
# tessera-nano 0.7.0: prior and mode tables for the encoder with blocks of 32x32 and 64x64 and thirty intra modes.
#
#   CLIPS=list.txt HD=list.txt STILLS=list.txt BEFORE=folder training/runs/nano-7.sh
#
# CLIPS, HD and STILLS are files with one path per line; BEFORE is the folder of the pack 0.6.0, commit 654b347; `upgrade` is that of commit 0856287. LOG.md has
# samples and figures; 0.7.0 itself changed encoders (12 to 30 intra modes) between 22 and 6.5 minutes of the last step.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CLIPS:?file that lists clips}" "${HD:?file that lists clips of 640x384}" "${STILLS:?file that lists photographs}" "${BEFORE:?pack 0.6.0}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/nano-7}
pack=${PACK:-../codecs/tessera-nano}
start=$out/start
export PYTHONPATH=.
mkdir -p "$out"
if [[ ! -d $start ]]; then
  cp -r "$BEFORE" "$out/upgraded"
  "$python" -m tessera_training.upgrade "$out/upgraded"
  mv "$out/upgraded" "$start"
fi
dump() {
  node ../dist/src/dev/main.js dump --loop-filter on --quality-range 8..44 --pack "$start" --out "$out/tokens" "$@"
}
seed=301
for tune in lpips psnr; do
  dump --tune "$tune" --seed "$seed" --list "$STILLS" --frames 9 --camera --crop 512
  dump --tune "$tune" --seed "$seed" --list "$HD" --frames 17
  dump --tune "$tune" --seed "$seed" --list "$CLIPS" --frames 13
  seed=$((seed + 1))
done
train() {
  "$python" -m tessera_training.prior --pack "$start" --shards "$out/tokens" --threads 1 --out "$out/$1" "${@:2}"
}
# First the weights for large blocks alone, then all of them, gently.
train sizes --start-from "$start" --sizes-only --batch 32 --learning-rate 3e-3 --minutes 5
train prior --start-from "$out/sizes/checkpoint.pt" --learning-rate 1.5e-4 --table-learning-rate 1e-3 --minutes 28
cp -r "$start/." "$pack"
"$python" -m tessera_training.export --out "$pack" --version 0.7.0 --shards "$out/tokens" --modes \
  --prior "$out/prior/checkpoint.pt" --refit-frames 0
