"""A pack's weights come back into networks so that the same graphs are written again."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tessera_training.from_pack import load_post_filter, load_weights, training_of
from tessera_training.networks import LoopFilter, NetworkShape, Prior
from tessera_training.post_network import PostFilter, PostShape
from tessera_training.program import Program, to_onnx

PACK = Path(__file__).parents[2] / "codecs" / "tessera-nano"


def arrays(programs: tuple[Program, ...]) -> list[np.ndarray]:
    values = [step.values for program in programs for step in program.steps]
    return [np.asarray(v[name]) for v in values for name in ("weight", "bias") if name in v]


def programs_of(model: Prior | LoopFilter | PostFilter) -> tuple[Program, ...]:
    if isinstance(model, Prior):
        return model.programs()
    return (model.program() if isinstance(model, LoopFilter) else model.program("post-filter-lpips"),)


def write_pack(folder: Path, programs: tuple[Program, ...]) -> None:
    """The parts of a pack that loading weights needs."""
    for program in programs:
        onnx.save(to_onnx(program), folder / f"{program.name}.onnx")
    files = {program.name: {"path": f"{program.name}.onnx"} for program in programs}
    (folder / "manifest.json").write_text(json.dumps({"files": files, "provenance": {}}))


def disturb(model: torch.nn.Module) -> None:
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)


@pytest.mark.parametrize("kind", [Prior, LoopFilter])
def test_product_pack(kind: type) -> None:
    """Loaded weights equal those of the pack: written again, every array is the same, except for rounding at the limit of a row."""
    torch.manual_seed(3)
    models = [kind(NetworkShape()) for _ in range(2)]
    untouched = arrays(programs_of(models[0]))
    for model in models:
        load_weights(model, PACK)
    first, second = (arrays(programs_of(model)) for model in models)
    assert any((a != b).any() for a, b in zip(untouched, first))
    for a, b in zip(first, second, strict=True):
        assert np.abs(a.astype(np.float64) - b).max() == 0


@pytest.mark.parametrize("part", ["post-filter-psnr", "post-filter-lpips"])
def test_product_post_filter(part: str) -> None:
    """Written again, the graph is the pack's own file."""
    model = load_post_filter(PACK, part)
    assert to_onnx(model.program(part)).SerializeToString() == (PACK / f"{part}.onnx").read_bytes()


@pytest.mark.parametrize("kind", [Prior, LoopFilter])
def test_round_trip(kind: type, tmp_path: Path) -> None:
    """Random weights written as a pack's graphs and loaded again give the graphs' arrays."""
    source, target = kind(NetworkShape()), kind(NetworkShape())
    disturb(source)
    write_pack(tmp_path, programs_of(source))
    load_weights(target, tmp_path)
    for a, b in zip(arrays(programs_of(source)), arrays(programs_of(target)), strict=True):
        # A row at its limit may be scaled once more when it is read.
        assert np.abs(a.astype(np.float64) - b).max() <= 1
    assert training_of(tmp_path, "prior") == {"step": 0, "minutes": 0.0, "samples": 0.0}


@pytest.mark.parametrize("eight_bit", [False, True])
def test_post_filter_round_trip(eight_bit: bool, tmp_path: Path) -> None:
    """A filter of any shape comes back with its shape and the same graph."""
    source = PostFilter(PostShape(12, 20, 3))
    disturb(source)
    if eight_bit:
        source.use_eight_bits(torch.rand(2, 8, 8, 96) * 255, torch.rand(2, 8, 8, 7) * 64)
    write_pack(tmp_path, programs_of(source))
    loaded = load_post_filter(tmp_path, "post-filter-lpips")
    assert loaded.shape == source.shape and bool(loaded.eight_bit) == eight_bit
    *others, head_bias = zip(arrays(programs_of(source)), arrays(programs_of(loaded)), strict=True)
    # Biases are rounded to sums of 8-bit products; the head's counts samples, not eights.
    for a, b in others:
        assert np.allclose(a.astype(np.float64), b, atol=5e-4 if eight_bit else 0)
    assert np.allclose(*head_bias, atol=2e-3 if eight_bit else 0)


def test_training_behind() -> None:
    assert training_of(PACK, "prior")["minutes"] > 0
