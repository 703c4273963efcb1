"""Averages the weights of two checkpoints of one network, the second trained on from the first.

Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time". The result starts further runs (`--start-from`); it counts as trained as long as the second.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor


def average(first: dict[str, Tensor], second: dict[str, Tensor]) -> dict[str, Tensor]:
    """The mean of two state dictionaries, in float32; what is not floating point comes from the second. Raises ValueError
    if names or shapes differ."""
    if {name: w.shape for name, w in first.items()} != {name: w.shape for name, w in second.items()}:
        raise ValueError("the checkpoints are of different networks")
    return {name: (first[name].float() + w.float()) / 2 if w.is_floating_point() else w for name, w in second.items()}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs=2)
    parser.add_argument("--out", type=Path, required=True, help="file of the averaged checkpoint")
    parser.add_argument("--half", action="store_true", help="store float16, to be kept with the code")
    arguments = parser.parse_args(argv)
    first, second = (torch.load(path, weights_only=True, map_location="cpu") for path in arguments.checkpoints)
    weights = average(first["average"], second["average"])
    if arguments.half:
        weights = {name: w.half() if w.is_floating_point() else w for name, w in weights.items()}
    kept = {name: value for name, value in second.items() if name not in ("model", "optimiser")}
    torch.save({**kept, "average": weights}, arguments.out)


if __name__ == "__main__":
    main()
