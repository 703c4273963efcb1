"""Packs crops of shards into one small file, to train a post-filter on a machine that has no room for more; unpacks it there."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from .pictures import PLANES
from .shards import Shard, open_shards, split_held_out


def crop_of(shard: Shard, frame: int, top: int, left: int, size: int) -> dict[str, np.ndarray]:
    """`loop`, `original` and `side` of a square with its corner at macroblock (`top`, `left`)."""
    arrays = {}
    for plane, cell in zip(PLANES, (16, 8, 8)):
        area = (frame, slice(top * cell, top * cell + size * cell // 16), slice(left * cell, left * cell + size * cell // 16))
        arrays |= {f"{source}-{plane}": np.asarray(shard.array(f"{source}-{plane}")[area]) for source in ("loop", "original")}
    arrays["side"] = np.asarray(shard.array("side")[frame, :, 2 * top : 2 * top + size // 8, 2 * left : 2 * left + size // 8])
    return arrays


def pack(shards: list[Shard], out: Path, crops: int, size: int, held_out_every: int, seed: int) -> None:
    """Writes `crops` crops of training shards, and one of each shard that is held out."""
    generator = np.random.default_rng(seed)
    shards = [shard for shard in shards if 16 * min(shard.rows, shard.columns) >= size]
    train, held = split_held_out(shards, held_out_every)
    picked = [train[int(generator.integers(len(train)))] for _ in range(crops)] + held
    fields: dict[str, list[np.ndarray]] = {}
    metas = []
    for shard in picked:
        frame = int(generator.integers(shard.frames))
        top, left = (int(generator.integers(count - size // 16 + 1)) for count in (shard.rows, shard.columns))
        arrays = crop_of(shard, frame, top, left, size)
        for plane in PLANES:
            # Differences are small numbers, which take fewer bits.
            arrays[f"original-{plane}"] = arrays[f"original-{plane}"] - arrays[f"loop-{plane}"]
            arrays[f"loop-{plane}"] = np.diff(arrays[f"loop-{plane}"], axis=1, prepend=np.uint8(0))
        for name, array in arrays.items():
            fields.setdefault(name, []).append(array)
        metas.append({"clip": shard.clip, "q": shard.meta["q"]})
    np.savez_compressed(out, metas=np.frombuffer(json.dumps(metas).encode(), np.uint8), **{k: np.stack(v) for k, v in fields.items()})


def unpack(file: Path, out: Path) -> None:
    """Writes each crop of `file` as a shard of one frame: those of one clip and q together, as its frames."""
    stored = np.load(file)
    metas = json.loads(stored["metas"].tobytes())
    fields = {name: stored[name] for name in stored.files if name != "metas"}
    for plane in PLANES:
        loop = np.cumsum(fields[f"loop-{plane}"], axis=2, dtype=np.uint8)
        fields[f"loop-{plane}"] = loop
        fields[f"original-{plane}"] = fields[f"original-{plane}"] + loop
    groups: dict[tuple[str, int], list[int]] = {}
    for index, meta in enumerate(metas):
        groups.setdefault((meta["clip"], meta["q"]), []).append(index)
    size = fields["side"].shape[2] // 2
    for (clip, q), members in groups.items():
        folder = out / f"{clip}-q{q}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in fields.items():
            np.save(folder / f"{name}.npy", array[members])
        # The sampler asks which frames are key frames.
        np.save(folder / "context.npy", fields["side"][members][:, 5:6] == 0)
        meta = {"clip": clip, "q": q, "rows": size, "columns": size, "frames": len(members), "width": 16 * size, "height": 16 * size}
        (folder / "meta.json").write_text(json.dumps(meta))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, help="pack: folder with dumped shards")
    parser.add_argument("--file", type=Path, required=True, help="the small file (.npz)")
    parser.add_argument("--crops", type=int, default=1000, help="pack: crops to train on")
    parser.add_argument("--size", type=int, default=192, help="pack: side of a crop, a multiple of 16")
    parser.add_argument("--held-out-every", type=int, default=12, help="pack: as for the trainers")
    parser.add_argument("--seed", type=int, default=1, help="pack: seed of the choice")
    parser.add_argument("--out", type=Path, help="unpack: folder for the shards")
    arguments = parser.parse_args(argv)
    if (arguments.shards is None) == (arguments.out is None):
        parser.error("either --shards (pack) or --out (unpack)")
    if arguments.out:
        unpack(arguments.file, arguments.out)
    else:
        pack(
            open_shards(arguments.shards), arguments.file, arguments.crops, arguments.size, arguments.held_out_every, arguments.seed
        )
        print(f"{arguments.file}: {arguments.file.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
