"""A pack's weights come back into networks so that the same graphs are written again."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tessera_training.from_pack import load_weights, training_of
from tessera_training.networks import LoopFilter, NetworkShape, PostFilter, Prior
from tessera_training.program import Program

PACK = Path(__file__).parents[2] / "codecs" / "tessera-nano"


def arrays(programs: tuple[Program, ...]) -> list[np.ndarray]:
    values = [step.values for program in programs for step in program.steps]
    return [np.asarray(v[name]) for v in values for name in ("weight", "bias") if name in v]


def programs_of(model: Prior | LoopFilter | PostFilter) -> tuple[Program, ...]:
    if isinstance(model, Prior):
        return model.programs()
    return (model.program() if isinstance(model, LoopFilter) else model.program("post-filter-lpips"),)


@pytest.mark.parametrize(
    ("kind", "part"), [(Prior, "prior"), (LoopFilter, "loop-filter"), (PostFilter, "post-filter-lpips")]
)
def test_product_pack(kind: type, part: str) -> None:
    """What is loaded is what the pack holds: written again, every array is the same but for rounding at a row's limit."""
    torch.manual_seed(3)
    models = [kind(NetworkShape()) for _ in range(2)]
    untouched = arrays(programs_of(models[0]))
    for model in models:
        load_weights(model, PACK, part)
    first, second = (arrays(programs_of(model)) for model in models)
    assert any((a != b).any() for a, b in zip(untouched, first))
    for a, b in zip(first, second, strict=True):
        assert np.abs(a.astype(np.float64) - b).max() == 0


@pytest.mark.parametrize("kind", [Prior, LoopFilter, PostFilter])
def test_round_trip(kind: type, tmp_path: Path) -> None:
    """Random weights written as a pack's graphs and loaded again give the graphs' arrays."""
    import json

    import onnx

    from tessera_training.program import to_onnx

    torch.manual_seed(5)
    source, target = kind(NetworkShape()), kind(NetworkShape())
    with torch.no_grad():
        for parameter in source.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    files = {}
    for program in programs_of(source):
        onnx.save(to_onnx(program), tmp_path / f"{program.name}.onnx")
        files[program.name] = {"path": f"{program.name}.onnx"}
    (tmp_path / "manifest.json").write_text(json.dumps({"files": files, "provenance": {}}))
    load_weights(target, tmp_path, programs_of(source)[0].name)
    for a, b in zip(arrays(programs_of(source)), arrays(programs_of(target)), strict=True):
        # A row at its limit may be scaled once more when it is read.
        assert np.abs(a.astype(np.float64) - b).max() <= (1 if kind is LoopFilter or kind is Prior else 0)
    assert training_of(tmp_path, "prior") == {"step": 0, "minutes": 0.0, "samples": 0.0}


def test_training_behind() -> None:
    assert training_of(PACK, "prior")["minutes"] > 0
