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
from tessera_training.networks import Networks, NetworkShape, fold, unfold
from tessera_training.pack import EXACT_GRAPHS, self_test_vectors
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
    vectors = self_test_vectors(programs, 3, 4)
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


def single(step: Step, channels: int) -> onnx.ModelProto:
    """One convolution on float inputs."""
    k = step.values["weight"].shape[-1]
    weight = numpy_helper.from_array(step.values["weight"].astype(np.float32), "w")
    bias = numpy_helper.from_array(step.values["bias"].astype(np.float32), "b")
    node = helper.make_node("Conv", ["x", "w", "b"], ["s"], group=step.values["groups"], kernel_shape=[k, k], pads=[k // 2] * 4)
    graph = helper.make_graph(
        [node],
        "single",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, "h", "w_"])],
        [helper.make_tensor_value_info("s", TensorProto.FLOAT, [1, None, "h", "w_"])],
        [weight, bias],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


@pytest.mark.parametrize("kind", ["random", "saturated"])
def test_every_sum_driven_to_its_bound_stays_exact(kind: str) -> None:
    largest = 0.0
    for program in exact_programs(kind).values():
        reach = intervals(program)
        for step in (s for s in program.steps if s.op == "conv"):
            weight, bias, groups = (step.values[field] for field in ("weight", "bias", "groups"))
            outputs, per_group, k, _ = weight.shape
            low, high = (min(0, reach[step.inputs[0]][0]), max(0, reach[step.inputs[0]][1]))
            for top in (True, False):
                extreme = np.where((weight > 0) == top, high, low).astype(np.int64)
                if groups == 1:  # 1x1: column o holds the worst input of output o
                    x = extreme[:, :, 0, 0].T[None, :, None, :]
                    sums = np.einsum("oi,ip->op", weight[:, :, 0, 0].astype(np.int64), x[0, :, 0])
                    expected = (sums + bias[:, None])[None, :, None, :]
                    reached = expected[0, :, 0, :].diagonal()
                else:  # depth-wise: the middle of a k x k picture
                    x = extreme[:, 0][None]
                    expected = evaluate_conv(x, step)
                    reached = expected[0, :, k // 2, k // 2]
                actual = run_onnx(single(step, x.shape[1]), {"x": x.astype(np.float32)})["s"]
                assert np.array_equal(actual.astype(np.int64), expected), step.output
                tensor = torch.nn.functional.conv2d(
                    torch.from_numpy(x.astype(np.float32)), torch.from_numpy(weight.astype(np.float32)),
                    torch.from_numpy(bias.astype(np.float32)), padding=k // 2, groups=groups,
                )  # fmt: skip
                assert np.array_equal(tensor.numpy().astype(np.int64), expected), step.output
                bound = reach[step.output][1 if top else 0]
                assert (reached.max() if top else reached.min()) == bound
                largest = max(largest, abs(bound))
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
    rows, columns = 4, 6
    parity = (np.arange(rows)[:, None] + np.arange(columns)) & 1
    context = generator.integers(0, 65, (1, 32, rows, columns), np.uint8)
    memory, tokens = (generator.integers(0, 65, (1, 384, rows, columns), np.uint8) for _ in range(2))
    tokens[:, :, parity == 1] = 0
    first, second = networks.prior.programs()
    expected = evaluate(first, {"context": context, "memory": memory})
    later = evaluate(second, {"features": expected["features"], "tokens": tokens})
    nhwc = [torch.from_numpy(a.transpose(0, 2, 3, 1).copy()).float() for a in (context, memory, tokens)]
    chosen = torch.from_numpy(np.flatnonzero(parity))
    with torch.no_grad():
        features, fine = networks.prior.run_first(nhwc[0], nhwc[1])
        fine_second = networks.prior.run_second(features, fine, nhwc[2], chosen)
    assert np.array_equal((fine[0].numpy() // 8).transpose(2, 0, 1), expected["scale"][0])
    got = later["scale"][0].reshape(384, -1).T[chosen.numpy()]
    assert np.array_equal(fine_second.numpy() // 8, got)

    y, u, v = (generator.integers(0, 256, (1, 1, size, size + 16), np.uint8) for size in (32, 32, 32))
    u, v = u[:, :, :16, :24].copy(), v[:, :, :16, :24].copy()
    side = generator.integers(0, 65, (1, 6, 4, 6), np.uint8)
    filtered = evaluate(networks.loop_filter.program(), {"y": y, "u": u, "v": v, "side": side})
    with torch.no_grad():
        picture = fold(*(torch.from_numpy(p[0]).float() for p in (y, u, v)))
        output = networks.loop_filter(picture, torch.from_numpy(side.transpose(0, 2, 3, 1).copy()).float())
    for plane, name in zip(unfold(output), ("filteredY", "filteredU", "filteredV")):
        assert np.array_equal(plane.numpy(), filtered[name][0])


@pytest.mark.parametrize("name", ["post_psnr", "post_lpips"])
def test_post_filter_onnx_follows_pytorch(name: str) -> None:
    networks = Networks.create(NetworkShape(), 4)
    randomise(networks, 4)
    module = getattr(networks, name)
    generator = np.random.default_rng(1)
    y = generator.integers(0, 256, (1, 1, 48, 64), np.uint8)
    u, v = (generator.integers(0, 256, (1, 1, 24, 32), np.uint8) for _ in range(2))
    side = generator.integers(0, 65, (1, 6, 6, 8), np.uint8)
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


def test_untrained_filters_change_nothing() -> None:
    networks = Networks.create(NetworkShape(), 1)
    generator = np.random.default_rng(1)
    y = generator.integers(0, 256, (1, 1, 32, 32), np.uint8)
    u = generator.integers(0, 256, (1, 1, 16, 16), np.uint8)
    inputs = {"y": y, "u": u, "v": u, "side": np.full((1, 6, 4, 4), 30, np.uint8)}
    for program in (networks.loop_filter.program(), networks.post_psnr.program("post")):
        assert np.array_equal(run_onnx(to_onnx(program), inputs)["filteredY"], y)


@pytest.mark.parametrize("pack", ["fixtures/tiny-pack", "codecs/tessera-nano"])
def test_committed_packs_pass_their_self_test(repository, pack: str) -> None:
    vectors = safetensors.load(repository / pack / "self-test.safetensors")
    for name in EXACT_GRAPHS:
        model = onnx.load(repository / pack / f"{name}.onnx")
        inputs = {i.name: vectors[f"{name}.input.{i.name}"] for i in model.graph.input}
        for field, value in run_onnx(model, inputs).items():
            assert np.array_equal(value, vectors[f"{name}.output.{field}"]), (name, field)
            assert len(np.unique(value)) > 8
