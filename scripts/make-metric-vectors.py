"""Makes the test vectors of MS-SSIM and of Bjontegaard's deltas with the packages that others use.

    python -m venv /tmp/vectors && /tmp/vectors/bin/pip install torch numpy pytorch-msssim==1.0.0 bjontegaard==1.3.0
    /tmp/vectors/bin/python scripts/make-metric-vectors.py ms-ssim test/metrics/vectors/ms-ssim.json
    /tmp/vectors/bin/python scripts/make-metric-vectors.py bd test/metrics/vectors/bd.json

Pictures are not stored: test/metrics/pictures.ts draws the same ones from the same integers.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path


def noise(seed: int) -> Iterator[int]:
    """Bytes of a linear congruential generator."""
    state = seed
    while True:
        state = (state * 1664525 + 1013904223) % 2**32
        yield state >> 24


def draw(width: int, height: int, seed: int, strength: int) -> tuple[list[int], list[int]]:
    """A luma plane of edges and texture, and one that differs by noise of `strength` (0..255) and a darker corner."""
    source = noise(seed)
    original, shown = [], []
    for y in range(height):
        for x in range(width):
            shape = (x * x // 64 + y * 3) % 256 if (x // 24 + y // 16) % 2 else (x * 5 + y * y // 32) % 256
            value = (3 * shape + next(source)) // 4
            error = (next(source) - 128) * strength // 255
            dark = 20 if x < width // 3 and y < height // 3 else 0
            original.append(value)
            shown.append(min(255, max(0, value + error - dark)))
    return original, shown


def ms_ssim_vectors() -> object:
    import torch
    from pytorch_msssim import ms_ssim

    vectors = []
    for width, height, seed, strength in (
        (161, 161, 1, 40),
        (176, 162, 2, 8),
        (163, 201, 3, 120),
        (192, 164, 4, 250),
        (240, 175, 5, 0),
        (320, 180, 6, 60),
    ):
        planes = [
            torch.tensor(plane, dtype=torch.float32).reshape(1, 1, height, width)
            for plane in draw(width, height, seed, strength)
        ]
        value = ms_ssim(planes[0], planes[1], data_range=255).item()
        vectors.append({"width": width, "height": height, "seed": seed, "strength": strength, "msSsim": value})
    return {"package": "pytorch-msssim 1.0.0", "vectors": vectors}


# The example of bjontegaard's own documentation.
EXAMPLE = (
    ([9487.76, 4593.60, 2486.44, 1358.24], [40.037, 38.615, 36.845, 34.851]),
    ([9787.80, 4469.00, 2451.52, 1356.24], [40.121, 38.651, 36.970, 34.987]),
)


def draw_curve(source: random.Random, points: int) -> tuple[list[float], list[float]]:
    """Rates that grow by 1.3 to 2.5 and PSNRs that grow by 0.4 to 3 dB from point to point."""
    rate, quality = source.uniform(100, 400), source.uniform(27, 32)
    rates, qualities = [], []
    for _ in range(points):
        rates.append(round(rate, 2))
        qualities.append(round(quality, 3))
        rate *= source.uniform(1.3, 2.5)
        quality += source.uniform(0.4, 3)
    return rates, qualities


def bd_vectors() -> object:
    import bjontegaard

    vectors = []
    source = random.Random(2001)
    curves = [EXAMPLE]
    while len(curves) < 21:
        anchor, test = draw_curve(source, source.randint(2, 7)), draw_curve(source, source.randint(2, 7))
        shares = [
            min(anchor[axis][-1], test[axis][-1]) > max(anchor[axis][0], test[axis][0]) for axis in (0, 1)
        ]
        # Curves without a common range have no result.
        if all(shares):
            curves.append((anchor, test))
    for anchor, test in curves:
        results = {}
        for method in ("pchip", "akima"):
            options = {"method": method, "require_matching_points": False, "min_overlap": 0}
            results[method] = {
                "rate": float(bjontegaard.bd_rate(*anchor, *test, **options)),
                "psnr": float(bjontegaard.bd_psnr(*anchor, *test, **options)),
            }
        vectors.append({"anchor": anchor, "test": test, **results})
    return {"package": "bjontegaard 1.3.0", "vectors": vectors}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("ms-ssim", "bd"))
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    vectors = ms_ssim_vectors() if arguments.kind == "ms-ssim" else bd_vectors()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(vectors, indent=2) + "\n")


if __name__ == "__main__":
    main()
