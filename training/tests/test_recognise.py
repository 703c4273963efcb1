import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tessera_training import recognise
from tessera_training.recognise import (
    MOTIONS,
    WIDTH,
    Probe,
    Schedule,
    cells_of_ids,
    cells_of_pictures,
    cells_of_tokens,
    interval,
    main,
    open_clips,
    predict,
    prepared,
    train_probe,
)


def write_clips(root: Path, pictures: int, side: int = 16, frames: int = 5) -> None:
    """Folders like those of `tessera-dev camera-clips`: textures that stand still, go left, or go right."""
    generator = np.random.default_rng(1)
    for number in range(pictures):
        folder = root / f"{number:04d}_photo{number}_s"
        folder.mkdir(parents=True)
        texture = generator.integers(0, 256, (side, 4 * side), dtype=np.uint8)
        steps = {"still": 0, "pan-left": -1, "pan-right": 1}
        clips = [[np.roll(texture, -step * t, 1)[:, :side] for t in range(frames)] for step in steps.values()]
        np.save(folder / "original.npy", np.array(clips))
        # A coding that lost everything, and tokens that name the motion.
        np.save(folder / "coder-7-pictures.npy", np.zeros_like(clips))
        ids = np.array([np.full((3, 2, 2), 1 << index, np.int32) for index in range(len(steps))])
        np.save(folder / "coder-7-tokens.npy", ids)
        np.save(folder / "coder-7-state.npy", np.zeros((len(steps), 5, 2, 2), np.uint8))
        labels = [{"motion": motion, "speed": float(abs(step))} for motion, step in steps.items()]
        (folder / "meta.json").write_text(json.dumps({"clip": folder.name, "labels": labels}))


def test_cells_hold_the_samples_of_all_frames_without_their_mean() -> None:
    pictures = np.zeros((2, 3, 16, 24), np.uint8)
    pictures[1, 2, 9, 17] = 192
    cells = cells_of_pictures(pictures)
    assert cells.shape == (2, 6, 3 * 64)
    assert not cells[0].any()
    # Row 1, column 2 of cells; in frame 2 the sample of row 1, column 1.
    assert int(cells[1, 5].argmax()) == 2 * 64 + 9
    assert not cells[1, :5].any()
    assert abs(float(cells[1, 5].mean())) < 1e-6
    assert cells_of_pictures(pictures, step=4).shape == (2, 6, 3 * 4)


def test_ids_become_signs_of_the_channels_in_use() -> None:
    ids = np.array([[[[0b101, 0]]]])
    cells = cells_of_ids(ids, 3)
    assert cells.shape == (1, 2, 18)
    assert cells[0, :, :4].tolist() == [[1, -1, 1, 0], [-1, -1, -1, 0]]


def test_motion_is_counted_per_frame() -> None:
    tokens = np.zeros((1, 2, 43, 1, 1), np.int16)
    # The second frame refers to a frame four frames ahead.
    tokens[0, 1, 4:11, 0, 0] = [0, 16, -8, 0, 0, -4, 0]
    cells = cells_of_tokens(tokens).reshape(2, -1)
    motion = cells[:, 14:18]
    assert motion.tolist() == [[0, 0, 0, 0], [-1, 0.5, 0, 0]]
    assert cells.shape[1] * 5 <= WIDTH


def test_values_have_one_size_and_constants_are_zero() -> None:
    parts = [np.random.default_rng(1).normal(7, 3, (40, 4, 5)).astype(np.float32), np.full((40, 4, 2), 9, np.float32)]
    train = np.arange(40) < 30
    cells = prepared(parts, train)
    assert cells.shape == (40, 4, WIDTH)
    assert torch.allclose(cells[:30, :, :5].mean((0, 1)), torch.zeros(5), atol=1e-4)
    assert torch.allclose(cells[:30, :, :5].std((0, 1)), torch.ones(5), atol=1e-2)
    assert not cells[:, :, 5:].any()
    with pytest.raises(ValueError, match="at most"):
        prepared([np.zeros((1, 4, WIDTH + 1), np.float32)], np.array([True]))


def test_sources_are_held_out_as_a_whole(tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", 12)
    rows = "".join(f"stills/{number:04d}_photo{number}_s.jpg\trepo\tphoto {number // 4}\n" for number in range(12))
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("file\trepo\tsource_path\n" + rows)
    clips = open_clips(tmp_path / "clips", [manifest])
    assert len(set(clips.sources)) == 3
    assert len(set(open_clips(tmp_path / "clips", []).sources)) == 12
    for every in (2, 3):
        held = clips.held_out(every)
        assert not {s for s, h in zip(clips.sources, held, strict=True) if h} & {s for s, h in zip(clips.sources, held, strict=True) if not h}
    with pytest.raises(FileNotFoundError, match="camera-clips"):
        open_clips(tmp_path / "nothing", [])


def test_interval_counts_sources_not_clips() -> None:
    correct = np.repeat(np.arange(40) % 2 == 0, 9)[:, None]
    alone = interval(correct, [str(clip) for clip in range(360)])
    together = interval(correct, [str(clip // 9) for clip in range(360)])
    assert alone[0] < 0.5 < alone[1]
    # 40 answers and not 360: three times as wide.
    assert 2.4 < (together[1] - together[0]) / (alone[1] - alone[0]) < 3.6


def test_probe_learns_what_the_cells_tell() -> None:
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(180) % len(MOTIONS)
    cells = 0.2 * torch.randn(180, 4, WIDTH, generator=generator)
    cells[torch.arange(180), 2, labels] += 4
    probe = train_probe(cells[:120], labels[:120], Schedule(60, batch=30), seed=0)
    assert isinstance(probe, Probe)
    assert (predict(probe, cells[120:]) == labels[120:].numpy()).mean() > 0.9


def test_results_are_written_input_by_input_and_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    write_clips(tmp_path / "clips", 24)
    out = tmp_path / "results.json"
    arguments = ["--clips", str(tmp_path / "clips"), "--out", str(out), "--steps", "40"]
    main([*arguments, "--kinds", "decoded", "tokens"])
    results = json.loads(out.read_text())
    assert [(row["input"], row["kind"]) for row in results["rows"]] == [("coder 7", "decoded"), ("coder 7", "tokens")]
    lost, tokens = results["rows"]
    # Nothing tells one of three motions from another.
    assert lost["accuracy"] < 0.5 < tokens["accuracy"]
    assert tokens["low"] <= tokens["accuracy"] <= tokens["high"]
    assert results["setting"]["clips"] == 72
    measured = []
    monkeypatch.setattr(recognise, "measure", lambda input_, *_: measured.append(input_) or {**lost, "input": input_.name, "kind": input_.kind})
    main(arguments)
    assert [(input_.name, input_.kind) for input_ in measured] == [
        ("original", "pixels"),
        ("first picture alone", "pixels"),
        ("coder 7", "tokens and state"),
    ]
    assert capsys.readouterr().out.rstrip().split("\n")[-1].startswith("| first picture alone | ")
    with pytest.raises(SystemExit, match="another setting"):
        main([*arguments[:-1], "41"])
