"""Learns transforms and intra prediction: sparse orthonormal bases by alternating assignment and update, predictors by
weighted least squares within the blocks each mode predicts best. Minutes on a CPU."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from . import safetensors
from .machine import prepare
from .residuals import boundaries, collect
from .shards import open_shards, split_held_out

# A coefficient below this many steps is not worth its bits; one above costs as much (in squared steps) as it would lose.
THRESHOLD = 0.9


def coding_cost(coefficients: np.ndarray) -> np.ndarray:
    """Rate-distortion cost per block in squared steps: what is dropped, or a fixed price for what is kept."""
    return np.minimum(coefficients**2, THRESHOLD**2).sum(1) + THRESHOLD**2 * np.log2(1 + np.abs(coefficients)).sum(1) * 0.15


def thresholds(rounds: int) -> np.ndarray:
    """Falling to THRESHOLD: large coefficients settle first, or a basis that keeps everything would never move."""
    return THRESHOLD * np.geomspace(4.0, 1.0, rounds)


def update_basis(blocks: np.ndarray, basis: np.ndarray, inertia: float, threshold: float) -> np.ndarray:
    """The orthonormal basis that best rebuilds blocks from their kept coefficients (orthogonal Procrustes problem)."""
    coefficients = blocks @ basis.T
    kept = np.where(np.abs(coefficients) > threshold, coefficients, 0)
    product = kept.T @ blocks + inertia * basis
    u, _, v = np.linalg.svd(product.astype(np.float64))
    return (u @ v).astype(np.float32)


def by_use(blocks: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Atoms sorted by how often they are kept, most used first; signs so that the largest sample is positive."""
    coefficients = np.abs(blocks @ basis.T)
    use = (coefficients > THRESHOLD).mean(0) + 1e-6 * np.minimum(coefficients, 1).mean(0)
    basis = basis[np.argsort(-use, kind="stable")]
    return basis * np.sign(basis[np.arange(len(basis)), np.abs(basis).argmax(1)])[:, None]


def learn_choices(blocks: np.ndarray, start: np.ndarray, count: int, rounds: int, inertia: float, seed: int) -> list[np.ndarray]:
    """`count` bases beside `start`, each for the blocks it codes cheapest; `start` stays as it is."""
    generator = np.random.default_rng(seed)
    # First guess: blocks by where their energy lies (horizontal, vertical, elsewhere), then at random.
    own = coding_cost(blocks @ start.T)
    size = int(round(blocks.shape[1] ** 0.5))
    pictures = blocks.reshape(-1, size, size)
    across = (np.diff(pictures, axis=2) ** 2).mean((1, 2))
    down = (np.diff(pictures, axis=1) ** 2).mean((1, 2))
    direction = np.log((across + 1e-3) / (down + 1e-3))
    rank = np.argsort(np.argsort(direction)) * count // max(len(direction), 1)
    label = np.where(generator.random(len(blocks)) < 0.2, generator.integers(0, count, len(blocks)), rank)
    bases = [start.copy() for _ in range(count)]
    for threshold in thresholds(rounds):
        for index in range(count):
            mine = blocks[label == index]
            if len(mine):
                bases[index] = update_basis(mine, bases[index], inertia, threshold)
        costs = np.stack([own, *(coding_cost(blocks @ basis.T) for basis in bases)])
        label = costs.argmin(0) - 1
    return [by_use(blocks[label == index], basis) for index, basis in enumerate(bases)]


def learn_one(blocks: np.ndarray, start: np.ndarray, rounds: int, inertia: float) -> np.ndarray:
    """A basis for all of `blocks`."""
    basis = start
    for threshold in thresholds(rounds):
        basis = update_basis(blocks, basis, inertia, threshold)
    return by_use(blocks, basis)


def complete(basis: np.ndarray) -> np.ndarray:
    """float32 square basis of int16 atoms; fewer atoms than samples are refused."""
    if basis.shape[0] != basis.shape[1]:
        raise ValueError(f"transforms: a full basis is needed to start from, not {basis.shape[0]} of {basis.shape[1]} atoms")
    return basis.astype(np.float32) / 32768


def integers(basis: np.ndarray) -> np.ndarray:
    return np.round(basis * 32768).clip(-32768, 32767).astype(np.int16)


def learn_bases(tables: dict[str, np.ndarray], train, held, frames: int, choices: int, rounds: int, seed: int) -> dict[str, np.ndarray]:
    """New basis16, basis8 and their choices for classes of intra modes and inter blocks; prints costs on held-out clips."""
    blocks, check = collect(train, tables, frames), collect(held, tables, frames)
    class_of = tables["intraClass"]
    classes = int(class_of.max()) + 1
    result: dict[str, np.ndarray] = {}
    for size in (16, 8):
        start = complete(tables[f"basis{size}"][0])
        inertia = 0.05 * size * size
        bases = [start]
        inter, own = blocks[f"inter{size}"], check[f"inter{size}"]
        if choices > 1 and len(inter.residual) > 20 * size * size:
            bases += learn_choices(inter.residual, start, choices - 1, rounds, inertia * 4, seed)
        result[f"interBasis{size}"] = np.arange(len(bases), dtype=np.uint8)
        if len(own.residual):
            costs = np.stack([coding_cost(own.residual @ basis.T) for basis in bases])
            print(f"inter{size}: {len(inter.residual)} blocks, cost {costs[0].mean():.4f} -> {costs.min(0).mean():.4f}", flush=True)
        of_class = np.zeros(classes, np.uint8)
        before = after = count = 0.0
        intra, own = blocks[f"intra{size}"], check[f"intra{size}"]
        for index in range(classes):
            mine, seen = intra.residual[intra.mode == index], own.residual[own.mode == index]
            if len(mine) < 8 * size * size:
                continue
            learned = learn_one(mine, start, rounds, inertia * 8)
            plain = coding_cost(mine @ start.T).mean()
            if coding_cost(mine @ learned.T).mean() > 0.99 * plain:
                continue
            of_class[index] = len(bases)
            bases.append(learned)
            if len(seen):
                before += coding_cost(seen @ start.T).sum()
                after += coding_cost(seen @ learned.T).sum()
                count += len(seen)
        if count:
            print(f"intra{size}: {len(intra.residual)} blocks, cost {before / count:.4f} -> {after / count:.4f}", flush=True)
        result[f"intraBasis{size}"] = of_class[class_of]
        result[f"basis{size}"] = np.stack([integers(basis) for basis in bases])
        result[f"weight{size}"] = np.broadcast_to(tables[f"weight{size}"][:1], (len(bases), size * size)).copy()
    return result


def predict(above: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return above @ matrix.T


def learn_predictors(tables: dict[str, np.ndarray], train, held, size: int, frames: int, rounds: int, seed: int) -> np.ndarray:
    """int8 matrices [M, size^2, 3 size + 1]: modes 0 and 1 stay, the others follow the blocks they predict best."""
    above, target, step = boundaries(train, tables, size, frames, 400, seed)
    own_above, own_target, own_step = boundaries(held, tables, size, frames, 400, seed + 1)
    dct = complete(tables[f"basis{size}"][0])
    start = tables[f"intra{size}"].astype(np.float32) / 64
    matrices = start.copy()

    def costs(of: np.ndarray, a: np.ndarray, t: np.ndarray, s: np.ndarray) -> np.ndarray:
        return np.stack([coding_cost(((t - predict(a, m)) / s[:, None]) @ dct.T) for m in of])

    first = costs(start, own_above, own_target, own_step)
    for _ in range(rounds):
        label = costs(matrices, above, target, step).argmin(0)
        for mode in range(2, len(matrices)):
            mine = label == mode
            if mine.sum() < 200:
                continue
            a, t = above[mine].astype(np.float64), target[mine].astype(np.float64)
            error = ((t - predict(a, matrices[mode])) ** 2).mean(1)
            weight = 1 / (error + step[mine] ** 2 / 12 + 1)  # relative errors: no busy block outweighs the rest
            ridge = 0.02 * (weight[:, None] * a**2).sum() / a.shape[1] + 1e-3
            gram = (a * weight[:, None]).T @ a + ridge * np.eye(a.shape[1])
            right = (a * weight[:, None]).T @ t + ridge * matrices[mode].T
            matrices[mode] = np.linalg.solve(gram, right).T
    whole = np.round(matrices * 64).clip(-127, 127).astype(np.int8)
    last = costs(whole.astype(np.float32) / 64, own_above, own_target, own_step)
    print(f"intra prediction {size}: cost of the best mode {first.min(0).mean():.4f} -> {last.min(0).mean():.4f}", flush=True)
    return whole


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True, help="folder with dumped shards")
    parser.add_argument("--pack", type=Path, required=True, help="pack the shards were coded with (one basis of each size)")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file for the learned tables (export --tables)")
    parser.add_argument("--parts", default="bases,intra", help="what to learn, by commas: bases, intra")
    parser.add_argument("--frames", type=int, default=3, help="frames per shard")
    parser.add_argument("--choices", type=int, default=3, help="bases an inter block chooses from, 1 to 4")
    parser.add_argument("--rounds", type=int, default=8, help="rounds of assignment and update")
    parser.add_argument("--threads", type=int, default=1, help="threads")
    parser.add_argument("--held-out-every", type=int, default=12, help="every n-th clip is kept for evaluation")
    parser.add_argument("--seed", type=int, default=1, help="seed of samples and first guesses")
    arguments = parser.parse_args(argv)
    prepare(arguments.threads)
    tables = safetensors.load(arguments.pack / "tables.safetensors")
    train, held = split_held_out(open_shards(arguments.shards), arguments.held_out_every)
    learned: dict[str, np.ndarray] = {}
    parts = arguments.parts.split(",")
    if "intra" in parts:
        for size in (16, 8):
            learned[f"intra{size}"] = learn_predictors(tables, train, held, size, arguments.frames, arguments.rounds, arguments.seed)
    if "bases" in parts:
        learned |= learn_bases(tables, train, held, arguments.frames, arguments.choices, arguments.rounds, arguments.seed)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    safetensors.save(arguments.out, learned)


if __name__ == "__main__":
    main()
