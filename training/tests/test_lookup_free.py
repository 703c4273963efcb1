"""The lookup-free codec's networks: graphs against PyTorch and numpy int64, ten seeded steps of each trainer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tessera_training.lookup_free import prior, tokenizer
from tessera_training.lookup_free.clips import fold_cells, open_clips, there_and_back, to_groups, unfold_cells
from tessera_training.lookup_free.dump_tokens import main as dump_tokens
from tessera_training.lookup_free.graphs import FEATURE_STEPS, NAT_STEPS, decoder_graph, encoder_graph
from tessera_training.lookup_free.networks import CHANNELS, Tokenizer, TokenizerShape, group_basis
from tessera_training.lookup_free.prior import BitPrior, BitPriorShape, TokenClip, open_tokens, row_bits, rows_of, sampled_rows
from tessera_training.lookup_free.rate_aware import SignChooser, evidence
from tessera_training.program import evaluate, intervals, to_onnx

from tests.test_exact_graphs import LEVELS, run_onnx
from tests.test_trainers import EXPECTED, made_up_lpips

SMALL = TokenizerShape(width=32, hidden=24, encoder_blocks=1, decoder_blocks=2)


def write_planes(root: Path) -> None:
    """Four clips of moving shades in the format of `tessera-dev planes`."""
    for index in range(4):
        generator = np.random.default_rng(index)
        (root / f"clip{index}").mkdir(parents=True)
        wide = np.kron(generator.integers(30, 220, (12, 24)), np.ones((8, 8))).astype(np.uint8)
        y = np.stack([wide[:, t * 2 : t * 2 + 96] for t in range(37)])
        for name, plane in (("y", y), ("u", y[:, ::2, ::2] // 2 + 64), ("v", 192 - y[:, ::2, ::2] // 2)):
            np.save(root / f"clip{index}" / f"{name}.npy", plane)
        (root / f"clip{index}" / "meta.json").write_text(json.dumps({"clip": f"clip{index}", "frames": 37}))


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planes")
    write_planes(root)
    return root


def test_cells_unfold_to_the_planes_they_came_from() -> None:
    y, u, v = torch.rand(2, 3, 32, 48), torch.rand(2, 3, 16, 24), torch.rand(2, 3, 16, 24)
    cells = fold_cells(y, u, v)
    assert cells.shape == (2, 3, 96, 4, 6)
    assert all(torch.equal(a, b) for a, b in zip(unfold_cells(cells), (y, u, v)))
    groups = to_groups(torch.rand(2, 9, 96, 4, 6))
    assert groups.shape == (2, 3, 384, 4, 6)
    assert torch.equal(groups[:, 0, :96], groups[:, 0, 288:])


def test_clips_are_played_there_and_back() -> None:
    assert there_and_back(np.arange(8), 4).tolist() == [0, 1, 2, 3, 2, 1, 0, 1]
    assert there_and_back(np.arange(3), 1).tolist() == [0, 0, 0]


def test_basis_is_orthonormal() -> None:
    basis = group_basis()
    assert torch.allclose(basis @ basis.T, torch.eye(384), atol=1e-5)


def test_tokenizer_graphs_follow_pytorch() -> None:
    torch.manual_seed(1)
    net = Tokenizer(SMALL).eval()
    generator = np.random.default_rng(1)
    y = generator.integers(0, 256, (4, 32, 48), np.uint8)
    u, v = y[:, ::2, ::2].copy(), 255 - y[:, 1::2, 1::2]
    levels = np.clip(generator.normal(128, 16, (1, SMALL.state_channels, 4, 6)), 0, 255).astype(np.uint8)
    steps = np.where(np.arange(SMALL.state_channels) < SMALL.width, FEATURE_STEPS, 64.0)[:, None, None]
    state = torch.from_numpy((levels.astype(np.float64) - 128) / steps).float()
    mask = (np.arange(CHANNELS) < 11).astype(np.uint8)
    channels = torch.from_numpy(mask).float()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(parameter.half().float())
        cells = fold_cells(*(torch.from_numpy(p) for p in (y, u, v))).reshape(1, 384, 4, 6)
        z = net.encoder(tokenizer.normalised(cells), state, channels[None])
        given = {"state": levels, "channels": mask}
        found = run_onnx(encoder_graph(net), {"y": y, "u": u, "v": v, **given})["evidence"]
        nats = (found[:11].astype(np.float32) - 127.5) / NAT_STEPS
        assert np.abs(nats - evidence(z, 11)[0, :11].clamp(-127.5 / NAT_STEPS, 127.5 / NAT_STEPS).numpy()).max() <= 0.51 / NAT_STEPS
        tokens = (found >= 128).astype(np.uint8) * mask[:, None, None]
        signs = torch.from_numpy(tokens * 2.0 - 1).float()[None] * channels[:, None, None]
        pictures, after = net.decoder(signs, state, channels[None])
        outputs = run_onnx(decoder_graph(net), {"tokens": tokens, **given})
        samples = (pictures.reshape(4, 96, 4, 6) * 64 + 128).round().clamp(0, 255)
        for name, plane in zip("yuv", unfold_cells(samples)):
            assert np.abs(outputs[name].astype(int) - plane.numpy()).max() <= 1, name
        expected = (after.numpy() * steps + 128).round().clip(0, 255)
        assert np.abs(outputs["nextState"].astype(int) - expected).max() <= 1


def test_signs_are_chosen_by_what_they_cost() -> None:
    torch.manual_seed(4)
    net = BitPrior(BitPriorShape(24, 32, 1))
    torch.nn.init.normal_(net.head.weight, std=0.05)
    torch.nn.init.normal_(net.across, std=0.05)
    frames = 0.1 * torch.randn(3, CHANNELS, 5, 6)
    chooser, bits, plain = SignChooser(net, 6, 5, 6), 0.0, 0
    chosen = []
    for z in frames:
        tokens, own = chooser.choose(z[None])
        bits += own
        plain += int((tokens[0, :6].sign() != z[:6].sign()).sum())
        chosen.append((tokens[0, :6] > 0).numpy().astype(np.uint8))
    clip = TokenClip("chosen", np.stack(chosen))
    assert 0 < plain < clip.tokens.size / 2
    # What the chooser saw is what training and the coder see.
    rows = [row_bits(net, rows)[0].detach().sum() for _, _, rows in sampled_rows([clip], 3)]
    assert bits == pytest.approx(float(sum(rows)), rel=1e-4)
    # Strong evidence is never overruled.
    tokens, _ = SignChooser(net, 18, 5, 6).choose(100 * frames[:1].sign())
    assert torch.equal(tokens, frames[:1].sign())


@pytest.mark.parametrize("kind", ("random", "saturated"))
def test_prior_is_exact(kind: str) -> None:
    torch.manual_seed(2)
    net = BitPrior(BitPriorShape(24, 32, 2) if kind == "random" else BitPriorShape())
    torch.nn.init.normal_(net.head.weight, std=0.1)
    if kind == "saturated":
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.copy_(parameter.sign() * 100)
    program = net.program()
    intervals(program)
    model = to_onnx(program)
    generator = np.random.default_rng(3)
    for low, high in ((0, 256), (0, 1), (255, 256)):
        inputs = {name: generator.integers(low, high, (9, size), np.uint8) for name, size, *_ in program.inputs}
        expected = evaluate(program, inputs)["logit"]
        for level in LEVELS:
            for threads in (1, 2):
                assert np.array_equal(run_onnx(model, inputs, level, threads)["logit"], expected)
        with torch.no_grad():
            trained = net(*(torch.from_numpy(inputs[name]).float() for name, *_ in program.inputs))
        assert np.array_equal(trained.numpy(), expected)


def run_trainers(planes: Path, folder: Path) -> dict[str, list[float]]:
    """Figures of ten steps of the tokenizer, and of the prior on tokens of made-up bits."""
    common = ["--steps", "10", "--batch", "2", "--held-out-every", "4", "--seed", "3"]
    lpips = made_up_lpips(folder / "lpips.onnx")
    tokenizer_run = ["--shards", str(planes), "--out", str(folder / "lookup-free-tokenizer"), "--crop", "64", "--lpips-onnx", str(lpips)]
    finals = {"lookup-free-tokenizer": tokenizer.main([*common, *tokenizer_run, "--evaluation-frames", "9"])}
    made_up_tokens(folder / "tokens")
    finals["lookup-free-prior"] = prior.main([*common, "--shards", str(folder / "tokens"), "--out", str(folder / "lookup-free-prior")])
    figures = {}
    for name, final in finals.items():
        lines = [json.loads(line) for line in (folder / name / "log.jsonl").read_text().splitlines()]
        figures[name] = [line["figure"] for line in lines if "figure" in line] + list(final.values())
    return figures


def made_up_tokens(folder: Path) -> None:
    """Bits that often stay what they were and follow their left neighbour."""
    folder.mkdir()
    for n in (6, 18):
        arrays = {}
        for clip in range(4):
            generator = np.random.default_rng([n, clip])
            frames = [generator.integers(0, 2, (n, 12, 16))]
            for _ in range(4):
                frames.append(np.where(generator.random((n, 12, 16)) < 0.8, frames[-1], generator.integers(0, 2, (n, 12, 16))))
            tokens = np.stack(frames).astype(np.uint8)
            arrays[f"clip{clip}/shape"] = np.array(tokens.shape, np.int32)
            arrays[f"clip{clip}/bits"] = np.packbits(tokens.reshape(-1))
        np.savez(folder / f"tokens-{n:02d}.npz", **arrays)


def test_ten_steps_give_the_expected_log(planes: Path, tmp_path: Path) -> None:
    expected = json.loads(EXPECTED.read_text())
    for name, actual in run_trainers(planes, tmp_path).items():
        assert len(actual) == len(expected[name]) and np.isfinite(actual).all()
        assert np.allclose(actual, expected[name], rtol=0.05, atol=0.02), (name, actual, expected[name])


def test_prior_learns_what_repeats(tmp_path: Path) -> None:
    made_up_tokens(tmp_path / "tokens")
    run = ["--shards", str(tmp_path / "tokens"), "--out", str(tmp_path / "prior"), "--batch", "8", "--held-out-every", "4"]
    figures = prior.main([*run, "--steps", "150", "--learning-rate", "5e-3"])
    # Of raw bits; 0.47 would be all that a bit drawn anew with probability 0.2 costs.
    assert figures["later_18"] < 0.8


def test_dumped_tokens_come_back(planes: Path, tmp_path: Path) -> None:
    model = tokenizer.TrainingModel(TokenizerShape())
    torch.save({"average": model.state_dict()}, tmp_path / "checkpoint.pt")
    arguments = ["--planes", str(planes), "--checkpoint", str(tmp_path / "checkpoint.pt"), "--out", str(tmp_path / "tokens")]
    dump_tokens([*arguments, "--frames", "9", "--rates", "6"])
    clips = open_tokens(tmp_path / "tokens")
    assert [c.tokens.shape for c in clips] == [(3, 6, 12, 12)] * len(open_clips(planes))
    around, before, older, about, signs = rows_of(clips[0], 1, 3)
    assert around.shape == (36, 144) and before.shape == (36, 162)
    # Cells of the last pass know all eight neighbours but for those outside the picture; nothing is older.
    assert (older == 64).all() and (about[:, 6] == 128).all() and set(np.unique(signs[:, 6:])) == {0}
    assert (around[7, :6] != 64).all()
