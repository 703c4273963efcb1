"""Static quantisation of the classifier to 8 bits, and its agreement with the float graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

BATCH = 16
OPERATORS = ["Conv", "Gemm", "Add", "Clip", "GlobalAveragePool"]


def as_input(pictures: np.ndarray) -> np.ndarray:
    """uint8 [n, height, width, 3] as the graph takes it."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), np.float32)


class Calibration(CalibrationDataReader):
    def __init__(self, pictures: np.ndarray, name: str) -> None:
        parts = [pictures[at : at + BATCH] for at in range(0, len(pictures), BATCH)]
        self.batches: Iterator[dict[str, np.ndarray]] = iter([{name: as_input(part)} for part in parts])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def quantise(source: Path, target: Path, pictures: np.ndarray) -> None:
    """Writes `target`: weights int8 by channel, activations of 7 bits in uint8 with ranges from `pictures`.

    `pictures` are uint8 [n, height, width, 3]. Processors without VNNI add two products of uint8 and int8 in 16 bits;
    with 7 bits of activations such a sum never overflows, so all processors agree.
    """
    name = onnx.load(source).graph.input[0].name
    ready = target.with_suffix(".ready.onnx")
    quant_pre_process(source, ready, skip_symbolic_shape=True)
    quantize_static(
        ready,
        target,
        Calibration(pictures, name),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        op_types_to_quantize=OPERATORS,
    )
    ready.unlink()
    model = onnx.load(target)
    halve_activations(model)
    onnx.checker.check_model(model)
    onnx.save(model, target)


def halve_activations(model: onnx.ModelProto) -> None:
    """Widens the steps of all activations so that they take 0..127, and rescales the biases, whose step is a product."""
    ratio = 255 / 127
    values = {tensor.name: tensor for tensor in model.graph.initializer}
    changed: set[str] = set()

    def replace(name: str, value: np.ndarray) -> None:
        if name not in changed:
            changed.add(name)
            values[name].CopyFrom(numpy_helper.from_array(value, name))

    for node in model.graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        scale = numpy_helper.to_array(values[node.input[1]])
        zero = numpy_helper.to_array(values[node.input[2]]) if len(node.input) > 2 else None
        if zero is not None and zero.dtype == np.uint8 and node.input[2] not in changed:
            replace(node.input[1], (scale * ratio).astype(np.float32))
            replace(node.input[2], np.rint(zero / ratio).astype(np.uint8))
        elif node.op_type == "DequantizeLinear" and node.input[0] in values and node.input[0] not in changed:
            bias = numpy_helper.to_array(values[node.input[0]])
            if bias.dtype == np.int32:
                replace(node.input[0], np.rint(bias / ratio).astype(np.int32))
                replace(node.input[1], (scale * ratio).astype(np.float32))


def probabilities(graph: Path, pictures: np.ndarray, threads: int = 1) -> np.ndarray:
    """float32 [n, classes] of pictures uint8 [n, height, width, 3]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    parts = [session.run(None, {name: as_input(pictures[at : at + BATCH])})[0] for at in range(0, len(pictures), BATCH)]
    return np.concatenate(parts)


def agreement(exact: np.ndarray, quantised: np.ndarray) -> dict[str, float]:
    """How far two classifiers agree, 0..1: probabilities [n, classes] of the float graph and of the one in 8 bits.

    `top1InTop5`: the float graph's best class is among the other's five best. `top5`: how many of the five best both have.
    """
    best = np.argsort(-exact, 1)[:, :5]
    other = np.argsort(-quantised, 1)[:, :5]
    return {
        "top1": float(np.mean(best[:, 0] == other[:, 0])),
        "top1InTop5": float(np.mean((best[:, :1] == other).any(1))),
        "top5": float(np.mean([len(set(a) & set(b)) / 5 for a, b in zip(best, other)])),
    }
