"""Ten seeded steps of each trainer against the log they gave when last looked at, and resuming, export, statistics.

After an intended change write the new figures with: python -m tests.expected (in training/).
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

from tessera_training import average, export, loop_filter, mode_tables, pick, pictures, post_filter, prior, safetensors
from tessera_training.from_pack import load_weights
from tessera_training.lpips import LAYERS, Lpips
from tessera_training.networks import NetworkShape
from tessera_training.pictures import SAMPLE_WEIGHTS, weighted_error
from tessera_training.post_filter import pattern
from tessera_training.structure import ms_ssim
from tessera_training.post_network import PostShape
from tessera_training.shards import open_shards, source_of, split_held_out
from tessera_training.tables import CHROMA_LIMIT, LUMA_LIMIT, check_tables, default_tables, PackShape
from tessera_training.token_statistics import TokenCoder, hard_index, near_index, soft_bits

EXPECTED = Path(__file__).with_name("expected.json")
COMMON = ["--steps", "10", "--batch", "2", "--held-out-every", "4", "--seed", "3"]


def made_up_lpips(path: Path) -> Path:
    """A file with LPIPS-alex's names and shapes and seeded weights: the real ones are not in this repository."""
    generator = np.random.default_rng(11)
    shapes = [(64, 3, 11), (192, 64, 5), (384, 192, 3), (256, 384, 3), (256, 256, 3)]
    initialisers = []
    for index, ((name, _, _), (outputs, inputs, k)) in enumerate(zip(LAYERS, shapes)):
        weight = generator.normal(0, (2 / (inputs * k * k)) ** 0.5, (outputs, inputs, k, k)).astype(np.float16)
        initialisers.append(numpy_helper.from_array(weight, f"m.{name}_weight_h"))
        initialisers.append(numpy_helper.from_array(np.zeros(outputs, np.float32), f"m.{name}_bias"))
        linear = np.abs(generator.normal(0, 0.2, (1, outputs, 1, 1))).astype(np.float32)
        initialisers.append(numpy_helper.from_array(linear, f"m.lin{index}_weight"))
    graph = helper.make_graph([], "lpips", [], [], initialisers)
    onnx.save(helper.make_model(graph), path)
    return path


def run_trainer(name: str, shards: Path, folder: Path, repository: Path) -> list[float]:
    """Figures of the ten steps, then the final ones."""
    arguments = ["--shards", str(shards), "--out", str(folder / name), *COMMON]
    if name == "prior":
        final = prior.main([*arguments, "--pack", str(repository / "fixtures/tiny-pack")])
    elif name == "loop-filter":
        final = loop_filter.main(arguments)
    else:
        extra = ["--target", name.split("-")[-1], "--crop", "96"]
        if name.endswith("lpips"):
            extra += ["--lpips-onnx", str(made_up_lpips(folder / "lpips.onnx"))]
        final = post_filter.main([*arguments, *extra])
    lines = [json.loads(line) for line in (folder / name / "log.jsonl").read_text().splitlines()]
    return [line["figure"] for line in lines if "figure" in line] + list(final.values())


TRAINERS = ("prior", "loop-filter", "post-filter-psnr", "post-filter-lpips")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.mark.parametrize("name", TRAINERS)
def test_ten_steps_give_the_expected_log(name: str, shards: Path, runs: Path, repository: Path) -> None:
    actual = run_trainer(name, shards, runs, repository)
    expected = json.loads(EXPECTED.read_text())[name]
    assert len(actual) == len(expected) and np.isfinite(actual).all()
    # Float sums differ between machines, and rounding weights to integers makes more of it.
    assert np.allclose(actual, expected, rtol=0.03, atol=2e-3), (actual, expected)


def test_loop_filter_learns_the_pattern(shards: Path, tmp_path: Path) -> None:
    common = ["--shards", str(shards), "--out", str(tmp_path), "--batch", "4", "--held-out-every", "4"]
    figures = loop_filter.main([*common, "--steps", "60"])
    assert figures["psnr_y_after"] > figures["psnr_y_before"] + 0.5


def test_a_stopped_run_goes_on(shards: Path, tmp_path: Path) -> None:
    common = ["--shards", str(shards), "--out", str(tmp_path), "--batch", "2", "--held-out-every", "4"]
    loop_filter.main([*common, "--steps", "4"])
    loop_filter.main([*common, "--steps", "7"])
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["step"] == 7
    text = (tmp_path / "log.jsonl").read_text()
    assert "resumed at step 4" in text and '"step": 1,' in text


def test_a_filter_goes_on_with_eight_bits(shards: Path, runs: Path, tmp_path: Path, repository: Path) -> None:
    if not (runs / "post-filter-lpips" / "checkpoint.pt").exists():
        run_trainer("post-filter-lpips", shards, runs, repository)
    arguments = ["--shards", str(shards), "--out", str(tmp_path), "--batch", "2", "--held-out-every", "4", "--crop", "96"]
    arguments += ["--target", "lpips", "--lpips-onnx", str(runs / "lpips.onnx"), "--eight-bit"]
    arguments += ["--start-from", str(runs / "post-filter-lpips" / "checkpoint.pt")]
    post_filter.main([*arguments, "--steps", "3"])
    first = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    post_filter.main([*arguments, "--steps", "5"])
    second = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    for state in (first, second):
        assert state["model"]["eight_bit"] and state["average"]["eight_bit"]
        assert math.isfinite(state["figures"]["lpips_after"])
    assert second["step"] == 5 and second["earlier"]["step"] == 10


def test_export_replaces_what_was_trained(shards: Path, runs: Path, tmp_path: Path, repository: Path) -> None:
    for name in TRAINERS:
        if not (runs / name / "checkpoint.pt").exists():
            run_trainer(name, shards, runs, repository)
    pack = tmp_path / "pack"
    export.main(["--initial", "--out", str(pack), "--name", "trial"])
    before = json.loads((pack / "manifest.json").read_text())
    options = [f"--{name}={runs / name / 'checkpoint.pt'}" for name in TRAINERS]
    # The synthetic shards fit every pack: no basis is used.
    export.main(["--out", str(pack), *options, "--shards", str(shards), "--modes", "--data", "made up"])
    after = json.loads((pack / "manifest.json").read_text())
    for role in ("tables", "prior-first", "prior-second", "post-filter-psnr", "self-test"):
        assert before["files"][role]["sha256"] != after["files"][role]["sha256"], role
    assert after["provenance"]["parts"]["prior"]["steps"] == 10
    check_tables(safetensors.load(pack / "tables.safetensors"))
    card = (pack / "MODEL-CARD.md").read_text()
    assert "made up" in card and "key_bpp" in card
    # One part alone: the others stay as they are.
    export.main(["--out", str(pack), f"--loop-filter={runs / 'loop-filter' / 'checkpoint.pt'}"])
    again = json.loads((pack / "manifest.json").read_text())
    assert again["files"]["prior-first"] == after["files"]["prior-first"]


def test_token_contexts_equal_plain_loops(shards: Path) -> None:
    tables = default_tables(PackShape(64, 16, 16, 4))
    shard = open_shards(shards)[0]
    tokens = np.asarray(shard.array("tokens")[1]).transpose(1, 2, 0).reshape(-1, 384)
    context = np.asarray(shard.array("context")[1]).transpose(1, 2, 0).reshape(-1, 32)
    context = context.copy()
    context[::5, 7], context[::5, 29] = 0, 64  # blocks of 32x32, whose tokens the pack's bases do not limit
    coded = TokenCoder(tables).find(tokens, context)
    found = list(zip(coded.place.tolist(), coded.kind.tolist(), coded.context.tolist(), coded.symbol.tolist(), coded.extra.tolist()))
    wanted = []
    for block, (row, planes) in enumerate(zip(tokens.astype(int), context)):
        transform = int(planes[7] > 0)
        is_large = planes[29] > 0
        limits = (
            min(LUMA_LIMIT[planes[8] // 4], 256 if is_large else 64),
            min(CHROMA_LIMIT[planes[9] // 8], 128 if is_large else 32),
        )
        for start, limit, kind in ((0, limits[0], transform), (256, limits[1], 2)):
            for index in range(limit):
                near = [n for n in tables["contextNeighbours"][kind, index].tolist() if n != 255]
                total = sum(min(abs(row[start + n]), 3) for n in near)
                m = abs(row[start + index])
                extra = float(m > 0)
                if m >= 15:
                    extra += 2 * (int(m - 15 + 1).bit_length() - 1) + 1
                wanted.append((block * 384 + start + index, kind, int(tables["contextOfSum"][total]), min(m, 15), extra))
    assert sorted(found) == sorted(wanted) and len(found) > 500


def test_soft_cost_meets_the_tables_at_their_middle(shards: Path) -> None:
    tables = default_tables(PackShape())
    shard = open_shards(shards)[0]
    tokens = np.asarray(shard.array("tokens")[0]).transpose(1, 2, 0).reshape(-1, 384)
    context = np.asarray(shard.array("context")[0]).transpose(1, 2, 0).reshape(-1, 32)
    coded = TokenCoder(tables).find(tokens, context)
    random = np.random.default_rng(5).random((3, 32, 35, 16)) + 0.1
    shares = [tables["coefficientTables"] / 32768, random / random.sum(-1, keepdims=True)]
    logits, near = (torch.log(torch.from_numpy(share.astype(np.float32))).requires_grad_() for share in shares)
    fine = (torch.arange(len(coded.place)) % 32 * 8 + 3.5).requires_grad_()
    bits = soft_bits(logits, near, fine, coded)
    scale = fine.detach().floor()
    rows = [hard_index(scale, coded), near_index(scale, coded)]
    exact = -torch.log2(sum(torch.from_numpy(share.reshape(-1, 16))[row, coded.symbol] for share, row in zip(shares, rows)) / 2)
    assert torch.allclose(bits.double(), exact + coded.extra, atol=1e-3)
    bits.sum().backward()
    # Softmax: the gradients of each row of logits sum to zero.
    for tables_of in (logits, near):
        assert tables_of.grad.sum(-1).abs().max() < 1e-2 and tables_of.grad.abs().sum() > 0
    assert fine.grad.abs().sum() > 0


def test_mode_tables_follow_the_counts(shards: Path) -> None:
    tables = default_tables(PackShape())
    fitted, bits = mode_tables.fit(open_shards(shards), tables)
    check_tables(tables | fitted)
    assert bits["after"] < 0.9 * bits["before"]


def test_held_out_clips_keep_all_their_rates(shards: Path) -> None:
    train, held = split_held_out(open_shards(shards), 4)
    assert {s.clip for s in train}.isdisjoint({s.clip for s in held}) and len(held) == 1


def test_rare_contexts_stay_and_other_intra_modes_do_not_count(shards: Path, tmp_path: Path) -> None:
    tables = default_tables(PackShape())
    source = open_shards(shards)[0].folder
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"intraModes": 12}))
    counts = mode_tables.count(open_shards(tmp_path), tables)
    assert counts["modeTables.intraMode16"].sum() == counts["modeTables.intraMode8"].sum() == 0
    assert counts["modeTables.split"].sum() == 200
    fitted, _ = mode_tables.fit(open_shards(tmp_path), tables)
    assert np.abs(fitted["modeTables.intraMode8"].astype(int) - tables["modeTables.intraMode8"]).max() <= 30
    assert np.abs(fitted["modeTables.split"].astype(int) - tables["modeTables.split"]).max() > 500


def test_clips_of_one_source_stay_together() -> None:
    names = ["0012_d13_s", "0013_d13_t", "0400_d13", "0014_snow_t", "0024_snow", "snow", "0003_rain", "0001_rain_s", "0002_two_words"]
    for every in range(2, 12):
        train, held = split_held_out(names, every, str)
        assert sorted(train + held) == sorted(names)
        assert {source_of(name) for name in train}.isdisjoint({source_of(name) for name in held})
    assert {source_of(name) for name in names} == {"d13", "snow", "rain", "two_words"}


def test_lpips_is_zero_for_equal_pictures(tmp_path: Path) -> None:
    distance = Lpips(made_up_lpips(tmp_path / "lpips.onnx"))
    a, b = torch.rand(2, 3, 64, 64) * 2 - 1, torch.rand(2, 3, 64, 64) * 2 - 1
    assert float(distance(a, a).abs().max()) == 0 and float(distance(a, b).min()) > 0


def test_rows_of_a_frame_follow_the_format(shards: Path) -> None:
    shard = open_shards(shards)[0]
    context, memory, tokens = (np.asarray(shard.array(name)[1]) for name in ("context", "memory", "tokens"))
    context = context.copy()
    generator = np.random.default_rng(3)
    context[2:7] = 0
    kind = generator.integers(0, 5, context.shape[1:])
    np.put_along_axis(context[2:7], kind[None], 64, 0)
    context[8:10, :, :2] = 0  # nothing coded at the left: neighbours without tokens
    height, width = context.shape[1:]
    size = np.zeros((height, width), int)
    is_first = np.ones((height, width), bool)
    for y, x, of in ((0, 4, 2), (4, 6, 1)):
        block = np.s_[:, y : y + 2**of, x : x + 2**of]
        context[block] = context[:, y, x, None, None]
        context[28 + of][block[1:]] = 64
        size[block[1:]], is_first[block[1:]], is_first[y, x] = of, False, True
    tokens = np.where(((context[8] > 0) | (context[9] > 0)) & is_first, tokens, 0)
    kind = context[2:7].argmax(0)
    rows = prior.frame_rows(context, memory, tokens)
    index = second = 0
    for r in range(height):
        for c in range(width):
            if context[8, r, c] + context[9, r, c] == 0 or not is_first[r, c]:
                continue
            around = []
            for dy, dx in ((0, -1), (-1, 0), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)):
                y, x = r + dy, c + dx
                if 0 <= y < height and 0 <= x < width:
                    intra = 64 if kind[y, x] >= 3 else 0
                    around += [64 + 32 * size[y, x], intra, 64 if kind[y, x] == 0 else 0, *context[[7, 8, 9], y, x]]
                else:
                    around += [0] * 6
            assert rows.around[index].tolist() == around
            assert np.array_equal(rows.block[index], context[:, r, c]) and np.array_equal(rows.memory[index], memory[:, r, c])
            assert np.array_equal(rows.tokens[index], tokens[:, r, c])
            assert bool(rows.is_second[index]) == bool((r + c) % 2)
            if (r + c) % 2:
                for side, (dy, dx) in enumerate(((0, -1), (-1, 0), (0, 1), (1, 0))):
                    y, x = r + dy, c + dx
                    inside = 0 <= y < height and 0 <= x < width
                    sizes = np.abs(tokens[:, y, x].astype(int)) if inside else np.zeros(384, int)
                    code = [round(16 * math.log2(1 + min(size, 15))) for size in sizes]
                    assert rows.neighbours[second, side].tolist() == code
                second += 1
            index += 1
    assert set(size.ravel()) == {0, 1, 2} and set(context[29:31, 0, 4]) == {0, 64}
    assert index == len(rows.block) and second == len(rows.neighbours) and 6 < second < index


def test_sizes_alone_are_trained(shards: Path, tmp_path: Path, repository: Path) -> None:
    source = open_shards(shards)[0].folder
    folder = tmp_path / "shards" / source.name
    shutil.copytree(source, folder)
    context = np.load(folder / "context.npy")
    context[:, 29, :2, :2] = 64
    np.save(folder / "context.npy", context)
    pack = repository / "codecs" / "tessera-nano"
    common = ["--shards", str(folder.parent), "--steps", "4", "--batch", "2", "--sizes-only"]
    prior.main([*common, "--pack", str(pack), "--start-from", str(pack), "--out", str(tmp_path / "out")])
    before = prior.PriorModel(NetworkShape(), safetensors.load(pack / "tables.safetensors"))
    load_weights(before.prior, pack)
    after = torch.load(tmp_path / "out" / "checkpoint.pt", weights_only=True)["model"]
    for name, value in before.state_dict().items():
        if name == "prior.embed.weight":
            assert (after[name] != value).any(0)[:, 0, 0].nonzero().flatten().tolist() == [29]
        else:
            assert torch.equal(after[name], value), name


def test_resident_crops_are_those_on_disk(shards: Path) -> None:
    train = open_shards(shards)
    ways = [
        pictures.PictureFeeder(train, "loop", 6, 64, np.random.default_rng(2)),
        pictures.ResidentFeeder(train, "loop", 6, 64, np.random.default_rng(2), "cpu"),
    ]
    for _ in range(3):
        on_disk, resident = (feeder.draw() for feeder in ways)
        for a, b in zip(on_disk, resident):
            assert a.shape == b.shape and torch.equal(a, b)


def test_pattern_is_what_all_cells_share() -> None:
    generator = torch.Generator().manual_seed(3)
    cell = torch.randn(96, generator=generator)
    cell -= torch.cat([part.mean().expand(len(part)) for part in cell.split((64, 16, 16))])
    same = cell.expand(1, 16, 16, 96)
    energy = float((cell.square() * SAMPLE_WEIGHTS).sum())
    assert float(pattern(same)) == pytest.approx(energy, rel=1e-5)
    # A change of brightness is none, and what differs from cell to cell falls by their number.
    assert float(pattern(torch.full((1, 16, 16, 96), 5.0))) == pytest.approx(0, abs=1e-6)
    noise = torch.randn(1, 16, 16, 96, generator=generator)
    assert float(pattern(noise)) < 2 * float(weighted_error(noise, torch.zeros_like(noise))) / 64


def test_ms_ssim_follows_its_formulas() -> None:
    """A picture against what a blur and noise make of it, by the formulas."""
    generator = np.random.default_rng(5)
    a = np.clip(120 + generator.normal(0, 2, (192, 176)).cumsum(0).cumsum(1), 0, 255)
    b = np.clip((a + np.roll(a, 1, 1)) / 2 + generator.normal(0, 6, a.shape), 0, 255)
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps) / taps.sum() ** 2
    product, x, y = 1.0, a, b
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        views = [np.lib.stride_tricks.sliding_window_view(z, (11, 11)) for z in (x, y, x * x, y * y, x * y)]
        mx, my, xx, yy, xy = ((view * window).sum((2, 3)) for view in views)
        contrast = (2 * (xy - mx * my) + 58.5225) / (xx - mx**2 + yy - my**2 + 58.5225)
        luminance = (2 * mx * my + 6.5025) / (mx**2 + my**2 + 6.5025)
        product *= float((contrast if scale < 4 else contrast * luminance).mean()) ** weight
        x, y = (z[: z.shape[0] // 2 * 2, : z.shape[1] // 2 * 2].reshape(z.shape[0] // 2, 2, -1, 2).mean((1, 3)) for z in (x, y))
    pair = [torch.from_numpy(z)[None].float() for z in (a, b)]
    assert 0.3 < product < 0.99
    assert float(ms_ssim(*pair)[0]) == pytest.approx(product, abs=1e-4)
    assert float(ms_ssim(pair[0], pair[0])[0]) == pytest.approx(1)
    # Without the finest scale, the blur costs less.
    assert product < float(ms_ssim(*pair, first=1)[0]) < 1


def test_weights_rise_while_errors_do() -> None:
    kept: dict[str, torch.Tensor] = {}
    balance = post_filter.Balance(kept)
    first = kept["balance"].clone()
    losses = torch.tensor([0.1, 0.1, -0.5], requires_grad=True)
    total = balance.weigh(losses)
    assert float(total.detach()) == pytest.approx(float((first * losses.detach()).sum()))
    total.backward()
    assert torch.equal(losses.grad, first)
    assert (kept["balance"][:2] > first[:2]).all() and kept["balance"][2] < first[2]
    for _ in range(100):
        balance.weigh(torch.tensor([0.1, 0.1, -0.5]))
    assert float(kept["balance"][2]) == 0
    # Another run of the same checkpoint goes on with them.
    before = kept["balance"].clone()
    post_filter.Balance(kept)
    assert torch.equal(kept["balance"], before)


def test_picked_crops_come_back(shards: Path, tmp_path: Path) -> None:
    pick.main(["--shards", str(shards), "--file", str(tmp_path / "crops.npz"), "--crops", "9", "--size", "64", "--held-out-every", "4"])
    pick.main(["--file", str(tmp_path / "crops.npz"), "--out", str(tmp_path / "crops")])
    before = {shard.clip: shard for shard in open_shards(shards)}
    found = open_shards(tmp_path / "crops")
    assert sum(shard.frames for shard in found) == 10 and all(shard.rows == shard.columns == 4 for shard in found)
    train, held = (group for group in split_held_out(found, 4))
    assert {shard.clip for shard in held} == {shard.clip for shard in split_held_out(list(before.values()), 4)[1]}
    for shard in found:
        whole = before[shard.clip]
        assert shard.meta["q"] == whole.meta["q"]
        for frame in range(shard.frames):
            crop = pick.crop_of(shard, frame, 0, 0, 64)
            places = ((f, top, left) for f in range(whole.frames) for top in range(whole.rows - 3) for left in range(whole.columns - 3))
            same = [
                place for place in places
                if all(np.array_equal(crop[name], array) for name, array in pick.crop_of(whole, *place, 64).items())
            ]  # fmt: skip
            assert len(same) == 1
            assert bool(shard.inter[frame]) == bool(np.asarray(whole.array("side"))[same[0][0], 5, 0, 0] == 0)


def test_older_weights_ignore_new_inputs() -> None:
    model = post_filter.PostFilter(PostShape(4, 6, 1))
    older = {name: weight.clone() for name, weight in model.state_dict().items()}
    older["embed.weight"] = older["embed.weight"][:, :-1]
    loaded = post_filter.PostFilter.of(older)
    assert (loaded.embed.weight[:, -1] == 0).all()
    assert torch.equal(loaded.embed.weight[:, :-1], model.embed.weight[:, :-1])


def test_averaged_weights_start_a_run(tmp_path: Path) -> None:
    states = []
    for value in (1.0, 2.0):
        model = post_filter.PostFilter(PostShape(4, 6, 1))
        for parameter in model.parameters():
            parameter.data.fill_(value)
        states.append({"average": model.state_dict(), "model": {}, "optimiser": {}, "step": int(value), "minutes": 1.0, "samples": 2.0})
        torch.save(states[-1], tmp_path / f"{value}.pt")
    average.main([str(tmp_path / "1.0.pt"), str(tmp_path / "2.0.pt"), "--out", str(tmp_path / "mean.pt"), "--half"])
    mean = torch.load(tmp_path / "mean.pt", weights_only=True)
    assert set(mean) == {"average", "step", "minutes", "samples"} and mean["step"] == 2
    assert all(bool((w == 1.5).all()) for w in post_filter.PostFilter.of(mean["average"]).parameters())
    with pytest.raises(ValueError, match="different networks"):
        average.average(states[0]["average"], post_filter.PostFilter(PostShape(4, 8, 1)).state_dict())
