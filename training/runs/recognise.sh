#!/usr/bin/env bash
# What pictures and tokens tell of camera motion (docs/TOKENS.md, "What tokens tell"): films pictures, codes the clips,
# trains a probe on each. Both steps go on where they were stopped.
#
#   PICTURES=list MANIFESTS="table.tsv ..." training/runs/recognise.sh
#
# PICTURES names a file with one photograph or video per line; MANIFESTS are tables with their sources (columns file,
# repo, source_path), so that no source is on both sides. 560 pictures take about 27 minutes of one core.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${PICTURES:?file with one photograph or video per line}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/recognise}
mkdir -p "$out"
node ../dist/src/dev/main.js camera-clips --list "$PICTURES" --out "$out/clips"
# shellcheck disable=SC2086 # one argument per table
"$python" -m tessera_training.recognise --clips "$out/clips" --manifest ${MANIFESTS:-} --out "${RESULTS:-$out/results.json}"
