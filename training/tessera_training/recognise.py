"""Measures what pictures and tokens tell of camera motion: an attentive probe of the same size and training for each input.

The clips are those of `tessera-dev camera-clips`. Every input is brought into one form first: a vector of WIDTH values for
each cell of 8x8 luma samples over all frames of the clip, filled up with zeros. The probe embeds each cell with two
layers, a few learned queries attend to the cells (Jaegle et al. 2021, "Perceiver"; Bardes et al. 2024, "V-JEPA", section
4), and a linear layer tells the motion. So all inputs have the same weights, steps, samples and multiplications.

Sources are held out as a whole: all clips of one photograph, and all photographs of one video, are on one side.
"""

from __future__ import annotations

import argparse
import csv
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .machine import prepare
from .shards import source_of

MOTIONS = ("still", "pan-left", "pan-right", "tilt-up", "tilt-down", "zoom-in", "zoom-out", "roll-left", "roll-right")
CELL = 8
# Values of a cell: enough for its samples in six frames.
WIDTH = 6 * CELL * CELL + 16
# Bits of an id of a lookup-free pack, and tokens of a cell in the family `transform` (src/dev/clip-coder.ts).
ID_BITS = 18
BLOCK_SIZES, TYPES, REFERENCES = 3, 5, 4


@dataclass(frozen=True)
class Clips:
    """The folders of `tessera-dev camera-clips`, their clips in one row."""

    folders: list[Path]
    labels: np.ndarray
    """int64 [clips]: index into MOTIONS."""
    speeds: np.ndarray
    """float [clips]: samples per frame."""
    sources: list[str]

    def array(self, name: str) -> np.ndarray:
        """One array of all clips [clips, ..]."""
        return np.concatenate([np.load(folder / f"{name}.npy") for folder in self.folders])

    def held_out(self, every: int) -> np.ndarray:
        """bool [clips]: a source in `every` is held out, by a hash of its name."""
        return np.array([zlib.crc32(source.encode()) * every < 2**32 for source in self.sources])


def open_clips(root: Path, manifests: list[Path]) -> Clips:
    """All complete folders below `root`.

    Tables with the columns `file`, `repo`, `source_path` name the source of each picture; the source of others is in
    their name. Raises FileNotFoundError if there is no folder.
    """
    listed = {}
    for manifest in manifests:
        with manifest.open() as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                listed[Path(row["file"]).stem] = f"{row['repo']} {row['source_path']}"
    folders, labels, speeds, sources = [], [], [], []
    for meta in sorted(root.glob("*/meta.json")):
        told = json.loads(meta.read_text())
        folders.append(meta.parent)
        labels += [MOTIONS.index(clip["motion"]) for clip in told["labels"]]
        speeds += [clip["speed"] for clip in told["labels"]]
        sources += [listed.get(told["clip"], source_of(told["clip"]))] * len(told["labels"])
    if not folders:
        raise FileNotFoundError(f"{root}: no folder with meta.json; run `tessera-dev camera-clips` first")
    return Clips(folders, np.array(labels), np.array(speeds), sources)


def cells_of_pictures(pictures: np.ndarray, step: int = 1) -> np.ndarray:
    """Luma [clips, frames, height, width] as cells float32 [clips, cells, frames * (8 / step)^2].

    With a `step`, pictures are reduced by it first. The values of a cell have mean 0 and, unless it is flat, the same size.
    """
    clips, frames, height, width = pictures.shape
    values = pictures.reshape(clips, frames, height // step, step, width // step, step).mean((3, 5), dtype=np.float32)
    side, rows, columns = CELL // step, height // CELL, width // CELL
    cells = values.reshape(clips, frames, rows, side, columns, side).transpose(0, 2, 4, 1, 3, 5).reshape(clips, rows * columns, -1)
    cells = cells - cells.mean(2, keepdims=True)
    # Two grey levels of noise count as flat.
    return cells / np.sqrt((cells**2).mean(2, keepdims=True) + 4)


def cells_of_ids(ids: np.ndarray, channels: int) -> np.ndarray:
    """Ids [clips, grids, rows, columns] as signs float32 [clips, cells, grids * 18]; absent channels are 0."""
    bits = (ids[..., None] >> np.arange(ID_BITS)) & 1
    signs = np.where(np.arange(ID_BITS) < channels, 2.0 * bits - 1, 0).astype(np.float32)
    clips, grids, rows, columns, _ = signs.shape
    return signs.transpose(0, 2, 3, 1, 4).reshape(clips, rows * columns, grids * ID_BITS)


def cells_of_tokens(tokens: np.ndarray) -> np.ndarray:
    """Tokens of the family `transform` [clips, frames, fields, rows, columns] as cells float32 [clips, cells, frames * n].

    Motion is divided by the distance of its reference: samples per frame.
    """
    clips, frames, fields, rows, columns = tokens.shape
    block_size, type_, transform, groups, reference, x0, y0, x1, y1, distance0, distance1 = np.moveaxis(tokens[:, :, :11], 2, 0)

    def one_of(values: np.ndarray, count: int, first: int = 0) -> list[np.ndarray]:
        return [values == value for value in range(first, first + count)]

    def per_frame(motion: np.ndarray, distance: np.ndarray) -> np.ndarray:
        return np.where(distance == 0, 0, motion / (4.0 * np.where(distance == 0, 1, distance)))

    planes = [
        *one_of(block_size, BLOCK_SIZES),
        *one_of(type_, TYPES),
        *one_of(reference, REFERENCES, -1),
        transform,
        groups / 16,
        per_frame(x0, distance0),
        per_frame(y0, distance0),
        per_frame(x1, distance1),
        per_frame(y1, distance1),
        # Large values differ less than small ones.
        *(np.sign(c) * np.log1p(np.abs(c)) for c in np.moveaxis(tokens[:, :, 11:].astype(np.float32), 2, 0)),
    ]
    cells = np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)
    return cells.transpose(0, 2, 3, 1, 4).reshape(clips, rows * columns, frames * len(planes))


def cells_of_state(state: np.ndarray) -> np.ndarray:
    """A lookup-free decoder's state [clips, channels, rows, columns] as cells float32 [clips, cells, channels]."""
    clips, channels, rows, columns = state.shape
    return state.reshape(clips, channels, rows * columns).transpose(0, 2, 1).astype(np.float32)


@dataclass(frozen=True)
class Input:
    """What a probe sees."""

    name: str
    kind: str
    """`pixels`, `decoded`, `tokens` or `tokens and state`."""
    read: Callable[[Clips], list[np.ndarray]]
    """Parts of the cells, one behind the other."""


def inputs_of(coding: str) -> list[Input]:
    """The three inputs that a coding such as `tessera-nano-20` gives."""
    pack, quality = coding.rsplit("-", 1)

    def decoded(clips: Clips) -> list[np.ndarray]:
        return [cells_of_pictures(clips.array(f"{coding}-pictures"))]

    def tokens(clips: Clips) -> list[np.ndarray]:
        values = clips.array(f"{coding}-tokens")
        return [cells_of_ids(values, int(quality)) if values.ndim == 4 else cells_of_tokens(values)]

    def state(clips: Clips) -> list[np.ndarray]:
        if (clips.folders[0] / f"{coding}-state.npy").exists():
            return [cells_of_state(clips.array(f"{coding}-state"))]
        # The family `transform` keeps pictures as its state.
        return [cells_of_pictures(clips.array(f"{coding}-pictures"), step=4)]

    name = f"{pack} {quality}"
    return [
        Input(name, "decoded", decoded),
        Input(name, "tokens", tokens),
        Input(name, "tokens and state", lambda clips: tokens(clips) + state(clips)),
    ]


def all_inputs(clips: Clips) -> list[Input]:
    """The original, its first picture alone (what it tells is no motion), and all that the folders' codings give."""
    codings = sorted(
        (path.name.removesuffix("-pictures.npy") for path in clips.folders[0].glob("*-pictures.npy")),
        key=lambda name: (name.rsplit("-", 1)[0], int(name.rsplit("-", 1)[1])),
    )
    original = Input("original", "pixels", lambda clips: [cells_of_pictures(clips.array("original"))])
    still = Input("first picture alone", "pixels", lambda clips: [cells_of_pictures(clips.array("original")[:, :1])])
    return [original, still, *(input_ for coding in codings for input_ in inputs_of(coding))]


def prepared(parts: list[np.ndarray], train: np.ndarray) -> Tensor:
    """The parts of the cells as one tensor [clips, cells, WIDTH].

    Every value has mean 0 and variance 1 over the training clips; constant ones are 0. Raises ValueError if the cells have
    more than WIDTH values.
    """
    width = sum(part.shape[2] for part in parts)
    if width > WIDTH:
        raise ValueError(f"{width} values of a cell; at most {WIDTH}")
    result = torch.zeros(*parts[0].shape[:2], WIDTH)
    at = 0
    for part in parts:
        values = result[:, :, at : at + part.shape[2]]
        values.copy_(torch.from_numpy(part))
        seen = values[torch.from_numpy(train)]
        values -= seen.mean((0, 1))
        values /= seen.std((0, 1)).clamp_min(1e-3)
        at += part.shape[2]
    return result.clamp_(-8, 8)


class Probe(nn.Module):
    """Cells [clips, cells, WIDTH] to logits [clips, len(MOTIONS)]."""

    def __init__(self, cells: int, hidden: int = 128, width: int = 64, queries: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Sequential(nn.Linear(WIDTH, hidden), nn.GELU(), nn.Dropout(0.2), nn.Linear(hidden, width))
        self.places = nn.Parameter(0.1 * torch.randn(cells, width))
        self.norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(0.5 * torch.randn(queries, width))
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.head = nn.Sequential(nn.LayerNorm(queries * width), nn.Linear(queries * width, hidden), nn.GELU(), nn.Linear(hidden, len(MOTIONS)))

    def forward(self, cells: Tensor) -> Tensor:
        values = self.norm(self.embedding(cells) + self.places)
        found, _ = self.attention(self.queries.expand(len(cells), -1, -1), values, values, need_weights=False)
        return self.head(found.flatten(1))


@dataclass(frozen=True)
class Schedule:
    """The same for all inputs."""

    steps: int
    batch: int = 64
    learning_rate: float = 2e-3


def train_probe(cells: Tensor, labels: Tensor, schedule: Schedule, seed: int) -> Probe:
    """Trains a probe on clips, each as often as the others, with AdamW and a cosine schedule."""
    torch.manual_seed(seed)
    probe = Probe(cells.shape[1]).train()
    optimiser = torch.optim.AdamW(probe.parameters(), lr=schedule.learning_rate, weight_decay=0.05, foreach=True)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, schedule.learning_rate, total_steps=schedule.steps)
    order = torch.randperm(len(cells))
    for step in range(schedule.steps):
        at = step * schedule.batch % len(cells)
        if at < schedule.batch:
            order = torch.randperm(len(cells))
        chosen = order[at : at + schedule.batch]
        loss = functional.cross_entropy(probe(cells[chosen]), labels[chosen], label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(probe.parameters(), 1.0)
        optimiser.step()
        rates.step()
    return probe.eval()


@torch.no_grad()
def predict(probe: Probe, cells: Tensor) -> np.ndarray:
    """Index into MOTIONS for each clip."""
    return torch.cat([probe(part).argmax(1) for part in cells.split(256)]).numpy()


def interval(correct: np.ndarray, sources: list[str], draws: int = 2000) -> tuple[float, float]:
    """95 % confidence interval of the mean of `correct` [clips, seeds]: bootstrap over sources, whose clips hang together."""
    _, source = np.unique(sources, return_inverse=True)
    sums = np.bincount(source, correct.mean(1))
    counts = np.bincount(source)
    drawn = np.random.default_rng(1).integers(len(sums), size=(draws, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def share(correct: np.ndarray, chosen: np.ndarray) -> float | None:
    """Mean of `correct` [clips, seeds] over the chosen clips; None if there are none."""
    return round(float(correct[chosen].mean()), 4) if chosen.any() else None


def measure(input_: Input, clips: Clips, held_out: np.ndarray, schedule: Schedule, seeds: int) -> dict:
    """Accuracy of probes of one input on held-out clips, over all seeds."""
    cells = prepared(input_.read(clips), ~held_out)
    labels = torch.from_numpy(clips.labels)
    train, test = torch.from_numpy(~held_out), torch.from_numpy(held_out)
    correct = []
    for seed in range(seeds):
        probe = train_probe(cells[train], labels[train], schedule, seed)
        correct.append(predict(probe, cells[test]) == clips.labels[held_out])
    right = np.stack(correct, axis=1)
    low, high = interval(right, [source for source, held in zip(clips.sources, held_out, strict=True) if held])
    motions, speeds = clips.labels[held_out], clips.speeds[held_out]
    moves = motions > 0
    is_fast = speeds >= np.median(speeds[moves])
    return {
        "input": input_.name,
        "kind": input_.kind,
        "accuracy": round(float(right.mean()), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "slow": share(right, moves & ~is_fast),
        "fast": share(right, moves & is_fast),
        "seeds": [round(float(value), 4) for value in right.mean(0)],
        "motions": {name: share(right, motions == index) for index, name in enumerate(MOTIONS)},
    }


def table(results: dict) -> str:
    """The results as a table of Markdown."""

    def cell(name: str, *kinds: str) -> str:
        row = next((row for row in results["rows"] if row["input"] == name and row["kind"] in kinds), None)
        return "" if row is None else f"{100 * row['accuracy']:.1f} ({100 * row['low']:.1f} to {100 * row['high']:.1f})"

    names = list(dict.fromkeys(row["input"] for row in results["rows"]))
    lines = ["| input | pictures | tokens | tokens and state |", "|---|---|---|---|"]
    for name in names:
        pictures = cell(name, "pixels", "decoded")
        lines.append(f"| {name} | {pictures} | {cell(name, 'tokens')} | {cell(name, 'tokens and state')} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True, help="folder that `tessera-dev camera-clips` wrote")
    parser.add_argument("--manifest", type=Path, nargs="*", default=[], help="tables of the pictures' sources (file, repo, source_path)")
    parser.add_argument("--out", type=Path, required=True, help="JSON of results; inputs that it has are not measured again")
    parser.add_argument("--steps", type=int, default=300, help="training steps of each probe")
    parser.add_argument("--seeds", type=int, default=1, help="probes of each input")
    parser.add_argument("--held-out-every", type=int, default=3, help="a source in n is held out")
    parser.add_argument("--kinds", nargs="*", default=["pixels", "decoded", "tokens", "tokens and state"], help="inputs to measure")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch threads")
    arguments = parser.parse_args(argv)
    prepare(arguments.threads)
    clips = open_clips(arguments.clips, arguments.manifest)
    held_out = clips.held_out(arguments.held_out_every)
    schedule = Schedule(arguments.steps)
    setting = {
        "clips": len(held_out),
        "heldOutClips": int(held_out.sum()),
        "sources": len(set(clips.sources)),
        "steps": schedule.steps,
        "batch": schedule.batch,
        "seeds": arguments.seeds,
    }
    results = json.loads(arguments.out.read_text()) if arguments.out.exists() else {"setting": setting, "rows": []}
    if results["setting"] != setting:
        raise SystemExit(f"{arguments.out} is of another setting, {results['setting']}: name another file")
    done = {(row["input"], row["kind"]) for row in results["rows"]}
    for input_ in all_inputs(clips):
        if input_.kind not in arguments.kinds or (input_.name, input_.kind) in done:
            continue
        row = measure(input_, clips, held_out, schedule, arguments.seeds)
        results["rows"].append(row)
        arguments.out.write_text(json.dumps(results, indent=1) + "\n")
        print(f"{input_.name}, {input_.kind}: {row['accuracy']:.3f} ({row['low']:.3f} to {row['high']:.3f})", flush=True)
    print(table(results))


if __name__ == "__main__":
    main()
