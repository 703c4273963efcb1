"""Writes a model pack: an untrained one (--initial), the tests' tiny one (--tiny), or one with trained parts."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from .networks import Networks, NetworkShape
from .pack import write_pack
from .tables import PackShape, default_tables

TINY_TABLES = PackShape(atoms16=48, atoms8=16, atoms_chroma=16, intra_modes=4)
TINY_NETWORKS = NetworkShape(
    prior_width=8, prior_hidden=16, prior_blocks=1,
    loop_width=8, loop_hidden=16, loop_blocks=1,
    post_width=8, post_hidden=16, post_blocks=1,
)  # fmt: skip


def randomise(networks: Networks, seed: int) -> None:
    """Gives the heads, which start at zero, small random weights: outputs differ everywhere, pictures stay themselves."""
    generator = torch.Generator().manual_seed(seed)

    def noise(parameter: torch.Tensor, deviation: float) -> None:
        with torch.no_grad():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * deviation)

    prior = networks.prior
    for parameter in (prior.head_first.weight, prior.head_second.weight):
        noise(parameter, 0.1)
    for parameter in (prior.memory_skip.weight, prior.token_skip.weight):
        noise(parameter, 0.05)
    noise(networks.loop_filter.head.weight, 0.004)
    for post in (networks.post_psnr, networks.post_lpips):
        noise(post.head.weight, 0.02)


def print_costs(manifest: dict) -> None:
    for graph, cost in manifest["kiloMacsPerPixel"].items():
        print(f"{graph:18} {cost:6.3f} kMAC/pixel  {manifest['files'][graph]['bytes']:8d} bytes")
    print(f"{'all files':18} {sum(f['bytes'] for f in manifest['files'].values()):26d} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack")
    parser.add_argument("--name", help="name in the manifest (default: the folder's name, or tiny)")
    parser.add_argument("--version", default="0.1.0", help="version in the manifest")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--initial", action="store_true", help="default tables and untrained networks, product size")
    kind.add_argument("--tiny", action="store_true", help="the tests' pack: small, seeded random weights")
    parser.add_argument("--seed", type=int, default=1, help="seed of the weights")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.tiny:
        networks = Networks.create(TINY_NETWORKS, arguments.seed)
        randomise(networks, arguments.seed)
        manifest = write_pack(
            arguments.out, arguments.name or "tiny", arguments.version, default_tables(TINY_TABLES), networks.programs(),
            {"training": "none: seeded random weights, for tests", "seed": arguments.seed}, "psnr", (2, 2),
        )  # fmt: skip
    else:
        networks = Networks.create(NetworkShape(), arguments.seed)
        manifest = write_pack(
            arguments.out, arguments.name or arguments.out.name, arguments.version, default_tables(PackShape()),
            networks.programs(), {"training": "none yet: default tables, untrained networks"}, "lpips",
        )  # fmt: skip
    print_costs(manifest)


if __name__ == "__main__":
    main()
