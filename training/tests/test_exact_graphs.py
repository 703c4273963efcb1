"""Exact graphs: PyTorch, onnxruntime at every optimisation level and numpy int64 agree to the last bit."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from tessera_training import safetensors
from tessera_training.export import TINY_NETWORKS, randomise
from tessera_training.loop_filter import by_regions
from tessera_training.folded import fold, unfold
from tessera_training.networks import Networks, NetworkShape
from tessera_training.pack import EXACT_GRAPHS, self_test_vectors
from tessera_training.pictures import chosen_by_region
from tessera_training.program import EXACT_LIMIT, Program, Step, evaluate, intervals, to_onnx

LEVELS = [
    onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
]


def run_onnx(model: onnx.ModelProto, inputs: dict[str, np.ndarray], level=LEVELS[2], threads: int = 1) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs)))


def saturated(seed: int = 3) -> Networks:
    """Networks of product size whose weights all stand at a limit."""
    networks = Networks.create(NetworkShape(), seed)
    randomise(networks, seed)
    with torch.no_grad():
        for module in (networks.prior, networks.loop_filter):
            for parameter in module.parameters():
                parameter.copy_(torch.where(parameter == 0, 1.0, parameter).sign() * 100)
    return networks


NETWORKS = {
    "tiny": lambda: Networks.create(TINY_NETWORKS, 5),
    "random": lambda: Networks.create(NetworkShape(), 5),
    "saturated": saturated,
}


def exact_programs(kind: str) -> dict[str, Program]:
    networks = NETWORKS[kind]()
    if kind != "saturated":
        randomise(networks, 6)
    return {name: program for name, program in networks.programs().items() if name in EXACT_GRAPHS}


@pytest.mark.parametrize("kind", NETWORKS)
def test_onnx_equals_int64(kind: str) -> None:
    programs = exact_programs(kind)
    vectors = self_test_vectors(programs, 12, 2)
    for name, program in programs.items():
        model = to_onnx(program)
        for low, high in ((None, None), (0, 0), (255, 255)):
            inputs = {field: vectors[f"{name}.input.{field}"] for field, *_ in program.inputs}
            if low is not None:
                inputs = {field: np.full_like(value, high) for field, value in inputs.items()}
            expected = evaluate(program, inputs)
            for level in LEVELS:
                for threads in (1, 2):
                    actual = run_onnx(model, inputs, level, threads)
                    for field, value in expected.items():
                        assert np.array_equal(actual[field], value), (name, field, level)


def single(step: Step, rows: bool) -> onnx.ModelProto:
    """One `conv` or `weigh` on float inputs, by the operators the exported graphs use."""
    names = [f"x{index}" for index in range(len(step.inputs))]
    weight = step.values["weight"].astype(np.float32)
    if step.op == "weigh":
        stored = [numpy_helper.from_array(w[None], f"w{index}") for index, w in enumerate(weight)]
        nodes = [helper.make_node("Mul", [x, f"w{index}"], [f"t{index}"]) for index, x in enumerate(names)]
        total = "t0"
        for index in range(1, len(names)):
            nodes.append(helper.make_node("Add", [total, f"t{index}"], [f"a{index}"]))
            total = f"a{index}"
        nodes.append(helper.make_node("Identity", [total], ["s"]))
    else:
        k = weight.shape[-1]
        stored = [numpy_helper.from_array(weight[:, :, 0, 0] if rows else weight, "w")]
        stored.append(numpy_helper.from_array(step.values["bias"].astype(np.float32), "b"))
        if rows:
            nodes = [helper.make_node("Gemm", ["x0", "w", "b"], ["s"], transB=1)]
        else:
            groups = step.values["groups"]
            nodes = [helper.make_node("Conv", ["x0", "w", "b"], ["s"], group=groups, kernel_shape=[k, k], pads=[k // 2] * 4)]
    shape = ["n", "c"] if rows else [1, "c", "h", "w_"]
    graph = helper.make_graph(
        nodes,
        "single",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names],
        [helper.make_tensor_value_info("s", TensorProto.FLOAT, [None] * len(shape))],
        stored,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def drive_conv(step: Step, low: float, high: float, top: bool, rows: bool) -> float:
    """Runs a convolution on the inputs that make each output largest (or smallest); gives the most extreme sum."""
    weight, bias, groups = (step.values[field] for field in ("weight", "bias", "groups"))
    k = weight.shape[-1]
    extreme = np.where((weight > 0) == top, high, low).astype(np.int64)
    if rows:  # row o holds the worst input of output o
        x = extreme[:, :, 0, 0]
        expected = x @ weight[:, :, 0, 0].astype(np.int64).T + bias
        reached = expected.diagonal()
        tensor = torch.nn.functional.linear(*(torch.from_numpy(a.astype(np.float32)) for a in (x, weight[:, :, 0, 0], bias)))
    else:
        if groups == 1:  # 1x1: column o holds the worst input of output o
            x = extreme[:, :, 0, 0].T[None, :, None, :]
            sums = np.einsum("oi,ip->op", weight[:, :, 0, 0].astype(np.int64), x[0, :, 0])
            expected = (sums + bias[:, None])[None, :, None, :]
            reached = expected[0, :, 0, :].diagonal()
        else:  # depth-wise: the middle of a k x k picture
            x = extreme[:, 0][None]
            expected = evaluate_conv(x, step)
            reached = expected[0, :, k // 2, k // 2]
        tensor = torch.nn.functional.conv2d(
            torch.from_numpy(x.astype(np.float32)), torch.from_numpy(weight.astype(np.float32)),
            torch.from_numpy(bias.astype(np.float32)), padding=k // 2, groups=groups,
        )  # fmt: skip
    assert np.array_equal(tensor.numpy().astype(np.int64), expected), step.output
    actual = run_onnx(single(step, rows), {"x0": x.astype(np.float32)})["s"]
    assert np.array_equal(actual.astype(np.int64), expected), step.output
    return float(reached.max() if top else reached.min())


def drive_weigh(step: Step, ranges: list[tuple[float, float]], top: bool) -> float:
    """The same for a sum of inputs times a number per channel."""
    weight = step.values["weight"].astype(np.int64)
    parts = [np.where((w > 0) == top, high, low).astype(np.int64)[None] for w, (low, high) in zip(weight, ranges)]
    expected = sum(part * w for part, w in zip(parts, weight))
    actual = run_onnx(single(step, True), {f"x{index}": part.astype(np.float32) for index, part in enumerate(parts)})["s"]
    assert np.array_equal(actual.astype(np.int64), expected), step.output
    return float(expected.max() if top else expected.min())


def drive_spread(step: Step, low: float, high: float, top: bool) -> float:
    """The same for a transposed convolution, at each of the four places its outputs can have among the inputs."""
    weight, bias = (step.values[field].astype(np.int64) for field in ("weight", "bias"))
    inputs, outputs = weight.shape[:2]
    program = Program("spread", 1, "n")
    sums = program.spread(program.input("x0", inputs, "h", "w_"), step.values["weight"], step.values["bias"], 1)
    program.output("s", sums, outputs, "h2", "w2")
    model = to_onnx(program)
    spread = next(node for node in model.graph.node if node.op_type == "ConvTranspose")
    model.graph.output.append(helper.make_tensor_value_info(spread.output[0], TensorProto.FLOAT, None))
    extremes = []
    for row in (0, 1):
        for column in (0, 1):
            # Input (0, 0) reaches output (row, column) by tap 1 + row, 1 + column; the next one by tap 0.
            x = np.zeros((outputs, inputs, 2, 2), np.int64)
            expected = np.zeros(outputs, np.int64)
            for i in range(1 + row):
                for j in range(1 + column):
                    tap = (0 if i else 1 + row, 0 if j else 1 + column)
                    w = weight[:, :, tap[0], tap[1]].T
                    x[:, :, i, j] = np.where((w > 0) == top, high, low)
                    expected += (x[:, :, i, j] * w).sum(1) + bias[:, tap[0], tap[1]]
            actual = run_onnx(model, {"x0": x.astype(np.uint8)})[spread.output[0]][:, :, row, column].diagonal()
            assert np.array_equal(actual.astype(np.int64), expected), step.output
            extremes.append(expected.max() if top else expected.min())
    return float(max(extremes) if top else min(extremes))


@pytest.mark.parametrize("kind", ["random", "saturated"])
def test_every_sum_driven_to_its_bound_stays_exact(kind: str) -> None:
    largest = 0.0
    driven = {"conv": 0, "weigh": 0, "spread": 0}
    for program in exact_programs(kind).values():
        reach = intervals(program)
        for step in (s for s in program.steps if s.op in driven):
            driven[step.op] += 1
            for top in (True, False):
                if step.op == "spread":
                    reached = drive_spread(step, *reach[step.inputs[0]], top)
                elif step.op == "weigh":
                    reached = drive_weigh(step, [reach[x] for x in step.inputs], top)
                else:
                    low, high = (min(0, reach[step.inputs[0]][0]), max(0, reach[step.inputs[0]][1]))
                    reached = drive_conv(step, low, high, top, program.is_rows)
                bound = reach[step.output][1 if top else 0]
                assert reached == bound, (program.name, step.output)
                largest = max(largest, abs(bound))
    assert driven["conv"] > 10 and driven["weigh"] == 2 and driven["spread"] == 1
    assert largest < EXACT_LIMIT
    if kind == "saturated":
        assert largest > EXACT_LIMIT * 0.9  # the test comes near the limit it guards


def evaluate_conv(x: np.ndarray, step: Step) -> np.ndarray:
    """Depth-wise sums by plain loops."""
    weight, bias = step.values["weight"].astype(np.int64)[:, 0], step.values["bias"].astype(np.int64)
    k = weight.shape[-1]
    padded = np.pad(x, ((0, 0), (0, 0), (k // 2, k // 2), (k // 2, k // 2)))
    sums = np.zeros_like(x)
    for row in range(k):
        for column in range(k):
            window = padded[0, :, row : row + k, column : column + k]
            sums[0, :, row, column] = (window * weight).sum((1, 2)) + bias
    return sums


def test_bounds_are_refused_beyond_the_limit() -> None:
    program = Program("wide", 1)
    x = program.input("x", 1100, "h", "w")
    program.conv(x, np.full((1, 1100, 1, 1), 127, np.int8), np.zeros(1, np.int32))
    with pytest.raises(ValueError, match="2\\^24"):
        intervals(program)


@pytest.mark.parametrize("kind", NETWORKS)
def test_training_forward_equals_int64(kind: str) -> None:
    networks = NETWORKS[kind]()
    if kind != "saturated":
        randomise(networks, 6)
    generator = np.random.default_rng(2)
    count = 24
    block, around, memory = (generator.integers(0, 65, (count, width), np.uint8) for width in (32, 48, 384))
    first, second = networks.prior.programs()
    expected = evaluate(first, {"block": block, "around": around, "memory": memory})
    chosen = np.sort(generator.choice(count, 10, replace=False))
    neighbours = generator.integers(0, 65, (len(chosen), 4 * 384), np.uint8)
    later = evaluate(second, {"features": expected["features"][chosen], "neighbours": neighbours})
    with torch.no_grad():
        features, fine = networks.prior.run_first(*(torch.from_numpy(a).float() for a in (block, around, memory)))
        sides = torch.from_numpy(neighbours.reshape(-1, 4, 384)).float()
        fine_second = networks.prior.run_second(features[chosen], fine[chosen], sides)
    assert np.array_equal(torch.cat([features, fine], 1).numpy(), expected["features"])
    assert np.array_equal(fine.numpy() // 8, expected["scale"])
    assert np.array_equal(fine_second.numpy() // 8, later["scale"])

    y, u, v = (generator.integers(0, 256, (3, 1, size, size), np.uint8) for size in (80, 40, 40))
    side = generator.integers(0, 65, (3, 7, 10, 10), np.uint8)
    filtered = evaluate(networks.loop_filter.program(), {"y": y, "u": u, "v": v, "side": side})
    with torch.no_grad():
        planes = [torch.from_numpy(p[:, 0]).float() for p in (y, u, v)]
        output = networks.loop_filter(*planes, torch.from_numpy(side.transpose(0, 2, 3, 1).copy()).float())
    for plane, name, size in zip(output, ("filteredY", "filteredU", "filteredV"), (64, 32, 32)):
        assert filtered[name].shape == (3, 1, size, size)
        assert np.array_equal(plane.numpy(), filtered[name][:, 0])


def test_rows_and_regions_do_not_influence_each_other() -> None:
    for name, program in exact_programs("random").items():
        vectors = self_test_vectors({name: program}, 5, 3)
        inputs = {field: vectors[f"{name}.input.{field}"] for field, *_ in program.inputs}
        together = run_onnx(to_onnx(program), inputs)
        alone = run_onnx(to_onnx(program), {field: value[2:3] for field, value in inputs.items()})
        for field, value in alone.items():
            assert np.array_equal(value, together[field][2:3]), (name, field)


def test_regions_are_cut_as_the_format_says() -> None:
    """`by_regions` against the graph on regions cut by plain loops; the picture ends inside regions."""
    networks = Networks.create(NetworkShape(), 5)
    randomise(networks, 6)
    generator = np.random.default_rng(4)
    height, width = 80, 144
    planes = [generator.integers(0, 256, (height // d, width // d), np.uint8) for d in (1, 2, 2)]
    side = generator.integers(0, 65, (7, height // 8, width // 8), np.uint8)
    picture = fold(*(torch.from_numpy(p[None]).float() for p in planes))
    with torch.no_grad():
        got = unfold(by_regions(networks.loop_filter, picture, torch.from_numpy(side.transpose(1, 2, 0)[None].copy()).float()))

    def cut(plane: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
        rows = [min(max(top + i, 0), plane.shape[0] - 1) for i in range(size)]
        columns = [min(max(left + i, 0), plane.shape[1] - 1) for i in range(size)]
        return plane[np.ix_(rows, columns)]

    program = networks.loop_filter.program()
    for row in range(2):
        for column in range(3):
            inputs = {
                name: cut(plane, 64 * row // d - 8 // d, 64 * column // d - 8 // d, 80 // d)[None, None]
                for name, plane, d in zip("yuv", planes, (1, 2, 2))
            }
            inputs["side"] = np.stack([cut(plane, 8 * row - 1, 8 * column - 1, 10) for plane in side])[None]
            filtered = evaluate(program, inputs)
            for index, (name, d) in enumerate((("filteredY", 1), ("filteredU", 2), ("filteredV", 2))):
                size = 64 // d
                area = got[index][0, row * size : (row + 1) * size, column * size : (column + 1) * size].numpy()
                assert np.array_equal(area, filtered[name][0, 0, : area.shape[0], : area.shape[1]]), (row, column, name)


@pytest.mark.parametrize("name", ["post_psnr", "post_lpips"])
def test_post_filter_onnx_follows_pytorch(name: str) -> None:
    networks = Networks.create(NetworkShape(), 4)
    randomise(networks, 4)
    module = getattr(networks, name)
    generator = np.random.default_rng(1)
    y = generator.integers(0, 256, (1, 1, 48, 64), np.uint8)
    u, v = (generator.integers(0, 256, (1, 1, 24, 32), np.uint8) for _ in range(2))
    side = generator.integers(0, 65, (1, 7, 6, 8), np.uint8)
    actual = run_onnx(to_onnx(module.program("post")), {"y": y, "u": u, "v": v, "side": side})
    with torch.no_grad():
        picture = fold(*(torch.from_numpy(p[0]).float() for p in (y, u, v)))
        output = module(picture, torch.from_numpy(side.transpose(0, 2, 3, 1).copy()).float()).round().clamp(0, 255)
    changed = 0.0
    for plane, before, field in zip(unfold(output), (y, u, v), ("filteredY", "filteredU", "filteredV")):
        difference = np.abs(plane.numpy() - actual[field][0])
        assert difference.max() <= 1 and difference.mean() < 0.02  # weights are stored as float16
        changed += float(np.abs(plane.numpy() - before[0]).mean())
    assert changed > 0.1


def test_eight_bit_post_filter_follows_pytorch_and_the_float_one() -> None:
    networks = Networks.create(NetworkShape(), 4)
    randomise(networks, 4)
    module = networks.post_lpips
    generator = np.random.default_rng(1)
    y = generator.integers(0, 256, (1, 1, 48, 64), np.uint8)
    u, v = (generator.integers(0, 256, (1, 1, 24, 32), np.uint8) for _ in range(2))
    side = generator.integers(0, 65, (1, 7, 6, 8), np.uint8)
    picture = fold(*(torch.from_numpy(p[0]).float() for p in (y, u, v)))
    places = torch.from_numpy(side.transpose(0, 2, 3, 1).copy()).float()
    with torch.no_grad():
        plain = module(picture, places)
        module.use_eight_bits(picture, places)
        eight_bit = module(picture, places)
    change = (plain - picture).abs().mean()
    assert 0 < (eight_bit - plain).abs().mean() < 0.05 * change
    graph = to_onnx(module.program("post"))
    kinds = [node.op_type for node in graph.graph.node]
    assert kinds.count("QuantizeLinear") == 4 * NetworkShape().post.blocks + 3
    actual = run_onnx(graph, {"y": y, "u": u, "v": v, "side": side})
    for plane, field in zip(unfold(eight_bit.round().clamp(0, 255)), ("filteredY", "filteredU", "filteredV")):
        difference = np.abs(plane.numpy() - actual[field][0])
        # A value between two bytes may go either way.
        assert difference.max() <= 4 and difference.mean() < 0.3


def test_a_widened_filter_gives_the_same_and_learns_with_all_it_has() -> None:
    networks = Networks.create(NetworkShape(), 4)
    randomise(networks, 4)
    narrow = networks.post_lpips
    wide = narrow.widened(narrow.shape.hidden + 32)
    generator = torch.Generator().manual_seed(1)
    picture = torch.rand((1, 6, 8, 96), generator=generator) * 255
    side = torch.rand((1, 6, 8, 7), generator=generator) * 64
    output = wide(picture, side)
    assert (output - narrow(picture, side)).abs().max() < 1e-3
    output.square().mean().backward()
    for block in wide.blocks:
        assert (block.project.weight.grad[:, narrow.shape.hidden :].abs().amax(1) > 0).all()
    with pytest.raises(ValueError, match="does not grow"):
        wide.widened(narrow.shape.hidden)


def test_untrained_filters_change_nothing() -> None:
    networks = Networks.create(NetworkShape(), 1)
    generator = np.random.default_rng(1)
    y = generator.integers(0, 256, (1, 1, 80, 80), np.uint8)
    u, v = (generator.integers(0, 256, (1, 1, 40, 40), np.uint8) for _ in range(2))
    inputs = {"y": y, "u": u, "v": v, "side": np.full((1, 7, 10, 10), 30, np.uint8)}
    whole = run_onnx(to_onnx(networks.post_psnr.program("post")), inputs)
    region = run_onnx(to_onnx(networks.loop_filter.program()), inputs)
    for name, plane, border in (("filteredY", y, 8), ("filteredU", u, 4), ("filteredV", v, 4)):
        assert np.array_equal(whole[name], plane)
        assert np.array_equal(region[name], plane[:, :, border:-border, border:-border])


@pytest.mark.parametrize("pack", ["fixtures/tiny-pack", "codecs/tessera-nano"])
def test_committed_packs_pass_their_self_test(repository, pack: str) -> None:
    vectors = safetensors.load(repository / pack / "self-test.safetensors")
    for name in EXACT_GRAPHS:
        model = onnx.load(repository / pack / f"{name}.onnx")
        inputs = {i.name: vectors[f"{name}.input.{i.name}"] for i in model.graph.input}
        for field, value in run_onnx(model, inputs).items():
            assert np.array_equal(value, vectors[f"{name}.output.{field}"]), (name, field)
            assert len(np.unique(value)) > 8


def test_the_better_one_of_each_region_is_rated() -> None:
    original = torch.full((1, 16, 24, 96), 100.0)
    decoded, output = original + 2, original + 2
    side = torch.zeros(1, 16, 24, 7)
    output[:, :8, :8] -= 1  # better
    output[:, :8, 8:16] += 1  # worse
    output[:, 8:, :8] -= 1  # better, but nothing new there
    side[:, 8:, :8, 4] = 64
    result, chosen, offered = chosen_by_region(decoded, output, original, side, 8)
    assert (chosen, offered) == (1, 5)
    assert torch.equal(result[:, :8, :8], original[:, :8, :8] + 1)
    result[:, :8, :8] += 1
    assert torch.equal(result, decoded)
