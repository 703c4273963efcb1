# What nano-5.sh and nano-6.sh have in common; to be sourced in training/: paths, and `dump_pictures`.
python=${PYTHON:-../.venv/bin/python}
pack=${PACK:-../codecs/tessera-nano}
export PYTHONPATH=.

# dump_pictures FOLDER "SEEDS OF CLIPS" "SEEDS OF MOVING PHOTOGRAPHS" "SEEDS OF PHOTOGRAPHS"
dump_pictures() {
  local folder=$1 seed
  dump() {
    node ../dist/src/dev/main.js dump --loop-filter on --crop 512 --workers 2 --pack "$pack" --out "$folder" "$@"
  }
  for seed in $2; do dump --quality-range 8..38 --list "$CLIPS" --frames 9 --seed "$seed"; done
  for seed in $3; do dump --quality-range 8..38 --list "$STILLS" --frames 9 --camera --seed "$seed"; done
  for seed in $4; do dump --quality-range 8..54 --list "$STILLS" --frames 1 --seed "$seed"; done
}
