#!/usr/bin/env bash
# Makes the Python environment for training and its tests: .venv in the repository's root.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m venv .venv
.venv/bin/python -m pip install --quiet -r training/requirements.txt
.venv/bin/python -c "import torch; print('ready: torch', torch.__version__)"
