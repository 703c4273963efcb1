"""Writes a lookup-free pack: from trained parts, or the tests' tiny one."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch

from .. import safetensors
from ..export import print_costs, told
from ..machine import prepare
from ..model_card import model_card
from ..pack import self_test_vectors, write_manifest
from ..program import intervals, to_onnx
from .dump_tokens import load_tokenizer
from .graphs import decoder_graph, encoder_graph, first_state
from .networks import Tokenizer, TokenizerShape
from .prior import CHANNELS, LEVELS, BitPrior, BitPriorShape, count_levels, fit_bit_tables, open_tokens

FILES = {
    "tables": "tables.safetensors",
    "prior": "prior.onnx",
    "tokenizer-encoder": "tokenizer-encoder.onnx",
    "tokenizer-decoder": "tokenizer-decoder.onnx",
    "self-test": "self-test.safetensors",
}
TINY_TOKENIZER = TokenizerShape(width=16, hidden=8, encoder_blocks=1, decoder_blocks=1)
TINY_PRIOR = BitPriorShape(width=16, hidden=16, blocks=1)


def write_pack(
    folder: Path,
    name: str,
    version: str,
    tokenizer: Tokenizer,
    prior: BitPrior,
    counts: np.ndarray,
    provenance: dict[str, object],
    self_test_rows: int = 12,
) -> dict:
    """Writes all files and returns the manifest; `counts` [18, 64, 2] are bits by channel and level."""
    program = prior.program()
    intervals(program)
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "channelWeights": prior.channel_weights().detach().numpy().astype(np.int8),
        "bitTables": fit_bit_tables(counts),
        "firstState": first_state(tokenizer.shape.state_channels),
    }
    safetensors.save(folder / FILES["tables"], tables)
    safetensors.save(folder / FILES["self-test"], self_test_vectors({"prior": program}, self_test_rows, 1))
    onnx.save(to_onnx(program), folder / FILES["prior"])
    onnx.save(encoder_graph(tokenizer), folder / FILES["tokenizer-encoder"])
    onnx.save(decoder_graph(tokenizer), folder / FILES["tokenizer-decoder"])
    encode, decode = tokenizer.kilo_macs_per_pixel()
    costs = {"prior": program.kilo_macs_per_pixel(), "tokenizer-encoder": encode, "tokenizer-decoder": decode}
    costs = {graph: round(cost, 3) for graph, cost in costs.items()}
    return write_manifest(folder, FILES, name, version, costs, "none", provenance, "lookup-free")


def trained(arguments: argparse.Namespace) -> dict:
    state = torch.load(arguments.prior, weights_only=True)
    prior = BitPrior(BitPriorShape())
    prior.load_state_dict(state["average"])
    counts = count_levels(prior, open_tokens(arguments.tokens), arguments.refit_frames)
    parts = {"tokenizer": told(torch.load(arguments.tokenizer, weights_only=True, map_location="cpu")), "bit-prior": told(state)}
    return write_pack(
        arguments.out, arguments.out.name, arguments.version, load_tokenizer(arguments.tokenizer, "cpu"), prior, counts,
        {"data": arguments.data, "parts": parts},
    )  # fmt: skip


def tiny(arguments: argparse.Namespace) -> dict:
    """Seeded random weights. Those of the prior give different logits, so that all of it is tested."""
    torch.manual_seed(1)
    tokenizer, prior = Tokenizer(TINY_TOKENIZER).eval(), BitPrior(TINY_PRIOR)
    with torch.no_grad():
        prior.head.weight.normal_(std=0.1)
        prior.across.normal_(std=0.1)
    return write_pack(
        arguments.out, "tiny-lookup-free", arguments.version, tokenizer, prior, np.zeros((CHANNELS, LEVELS, 2), np.int64),
        {"training": "none: seeded random weights, for tests"}, self_test_rows=2,
    )  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack, which gives it its name")
    parser.add_argument("--version", default="0.1.0", help="version in the manifest")
    parser.add_argument("--tiny", action="store_true", help="the tests' pack: small, seeded random weights")
    parser.add_argument("--tokenizer", type=Path, help="checkpoint of lookup_free.tokenizer")
    parser.add_argument("--prior", type=Path, help="checkpoint of lookup_free.prior")
    parser.add_argument("--tokens", type=Path, help="folder that lookup_free.dump_tokens wrote, to fit bitTables to")
    parser.add_argument("--refit-frames", type=int, default=3, help="token frames per clip for bitTables")
    parser.add_argument("--data", help="sentence about the training data, for the model card")
    arguments = parser.parse_args(argv)
    if not arguments.tiny and not (arguments.tokenizer and arguments.prior and arguments.tokens and arguments.data):
        parser.error("name --tokenizer, --prior, --tokens and --data, or --tiny")
    prepare(1)
    if arguments.tiny:
        print_costs(tiny(arguments))
        return
    manifest = trained(arguments)
    print_costs(manifest)
    (arguments.out / "MODEL-CARD.md").write_text(model_card(manifest))


if __name__ == "__main__":
    main()
