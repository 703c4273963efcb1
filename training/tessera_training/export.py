"""Writes a model pack: an untrained one, the tests' tiny one, or an existing one with newly trained parts."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from . import safetensors
from .machine import prepare
from .mode_tables import fit
from .model_card import model_card
from .networks import LoopFilter, Networks, NetworkShape
from .pack import FILES, POST_PARTS, read_manifest, write_pack
from .post_network import PostFilter, PostShape
from .prior import PriorModel, count_symbols
from .program import Program
from .runner import training_behind
from .shards import open_shards
from .tables import PackShape, chroma_weights, default_tables
from .token_statistics import TokenCoder, fit_tables

TINY_TABLES = PackShape(atoms16=48, atoms8=16, atoms_chroma=16, intra_modes=4)
TINY_NETWORKS = NetworkShape(
    prior_width=8, prior_hidden=16, prior_blocks=1,
    loop_width=8, loop_hidden=16, loop_blocks=1,
    post=PostShape(4, 8, 1),
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


def told(state: dict) -> dict[str, object]:
    """What a checkpoint says about its run, for the manifest and the card."""
    behind = training_behind(state)
    return {
        "steps": behind["step"],
        "samples": round(behind["samples"]),
        "hours": round(behind["minutes"] / 60, 2),
        **state["notes"],
        "figures": {name: round(float(value), 5) for name, value in state["figures"].items()},
    }


def update(arguments: argparse.Namespace) -> dict:
    """Replaces what was trained in the pack at `arguments.out`."""
    folder: Path = arguments.out
    manifest = read_manifest(folder)
    tables = safetensors.load(folder / FILES["tables"])
    provenance = {"data": manifest["provenance"].get("data", "none"), "parts": manifest["provenance"].get("parts", {})}
    parts: dict[str, dict] = provenance["parts"]
    programs: dict[str, Program] = {}
    shards = open_shards(arguments.shards) if arguments.shards else []
    if arguments.data:
        provenance["data"] = arguments.data
    if arguments.tables:
        tables |= safetensors.load(arguments.tables)
        parts["transforms"] = {"figures": {}}
    if arguments.chroma_weights:
        tables["weightChroma"] = chroma_weights(tables["weightChroma"].shape[1], *arguments.chroma_weights)
    if arguments.prior:
        state = torch.load(arguments.prior, weights_only=True)
        model = PriorModel(NetworkShape(), tables)
        model.load_state_dict(state["average"])
        tables |= model.tables()
        if shards and arguments.refit_frames:
            counts = count_symbols(model, TokenCoder(tables), shards, arguments.refit_frames)
            tables["coefficientTables"] = fit_tables(counts, tables["coefficientTables"])
        programs["prior-first"], programs["prior-second"] = model.prior.programs()
        parts["prior"] = told(state)
    if arguments.loop_filter:
        state = torch.load(arguments.loop_filter, weights_only=True)
        loop_filter = LoopFilter(NetworkShape())
        loop_filter.load_state_dict(state["average"])
        programs["loop-filter"] = loop_filter.program()
        parts["loop-filter"] = told(state)
    for part in POST_PARTS:
        path = getattr(arguments, part.replace("-", "_"))
        if path:
            state = torch.load(path, weights_only=True)
            programs[part] = PostFilter.of(state["average"]).program(part)
            parts[part] = told(state)
    if arguments.modes:
        fitted, bits = fit(shards, tables)
        tables |= fitted
        parts["modes"] = {"figures": {"bits_saved_percent": round(100 * (1 - bits["after"] / max(bits["before"], 1)), 3)}}
    return write_pack(
        folder, arguments.name or manifest["name"], arguments.version or manifest["version"], tables, programs,
        provenance, arguments.default_post_filter or manifest["defaultPostFilter"],
    )  # fmt: skip


def create(arguments: argparse.Namespace) -> dict:
    """The untrained pack, or the tiny one."""
    version = arguments.version or "0.1.0"
    if arguments.tiny:
        networks = Networks.create(TINY_NETWORKS, arguments.seed)
        randomise(networks, arguments.seed)
        return write_pack(
            arguments.out, arguments.name or "tiny", version, default_tables(TINY_TABLES), networks.programs(),
            {"training": "none: seeded random weights, for tests", "seed": arguments.seed}, "psnr", (2, 1),
        )  # fmt: skip
    networks = Networks.create(NetworkShape(), arguments.seed)
    return write_pack(
        arguments.out, arguments.name or arguments.out.name, version, default_tables(PackShape()), networks.programs(),
        {"training": "none yet: default tables, untrained networks"}, arguments.default_post_filter or "lpips",
    )  # fmt: skip


def print_costs(manifest: dict) -> None:
    for graph, cost in manifest["kiloMacsPerPixel"].items():
        print(f"{graph:18} {cost:6.3f} kMAC/pixel  {manifest['files'][graph]['bytes']:8d} bytes")
    print(f"{'all files':18} {sum(f['bytes'] for f in manifest['files'].values()):26d} bytes")


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack")
    parser.add_argument("--name", help="name in the manifest (default: kept, the folder's name, or tiny)")
    parser.add_argument("--version", help="version in the manifest (default: kept, or 0.1.0)")
    parser.add_argument("--initial", action="store_true", help="default tables and untrained networks, product size")
    parser.add_argument("--tiny", action="store_true", help="the tests' pack: small, seeded random weights")
    parser.add_argument("--seed", type=int, default=1, help="seed of untrained weights")
    parser.add_argument("--prior", type=Path, help="checkpoint of tessera_training.prior")
    parser.add_argument("--loop-filter", type=Path, help="checkpoint of tessera_training.loop_filter")
    parser.add_argument("--post-filter-psnr", type=Path, help="checkpoint of tessera_training.post_filter --target psnr")
    parser.add_argument("--post-filter-lpips", type=Path, help="checkpoint of tessera_training.post_filter --target lpips")
    parser.add_argument("--tables", type=Path, help="safetensors whose tables replace the pack's (transforms)")
    parser.add_argument(
        "--chroma-weights", type=int, nargs=2, metavar=("LOWEST", "RISING"),
        help="step multiplier of the lowest chroma atom, in 1/32, and the atoms over which it rises to 32",
    )  # fmt: skip
    parser.add_argument("--modes", action="store_true", help="fit the mode tables to the shards")
    parser.add_argument("--shards", type=Path, help="shards for fitting tables to the exact networks")
    parser.add_argument("--refit-frames", type=int, default=4, help="inter frames per shard to refit coefficientTables, 0: as trained")
    parser.add_argument("--data", help="sentence about the training data, for the model card")
    parser.add_argument("--default-post-filter", choices=["lpips", "psnr"], help="what decoders show by default")
    arguments = parser.parse_args(argv)
    if arguments.modes and not arguments.shards:
        parser.error("--modes needs --shards")
    return arguments


def main(argv: list[str] | None = None) -> None:
    arguments = parse(argv)
    prepare(1)
    manifest = create(arguments) if arguments.initial or arguments.tiny else update(arguments)
    print_costs(manifest)
    if not arguments.tiny:
        (arguments.out / "MODEL-CARD.md").write_text(model_card(manifest))


if __name__ == "__main__":
    main()
