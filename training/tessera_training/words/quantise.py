"""Weights of the classifier in 8 bits, and its agreement with the float graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

BATCH = 16
LARGEST = 127
# Shares of the largest weight of a channel that are tried as the end of its range.
RANGES = np.linspace(0.7, 1, 13)


def quantise_weights(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 weights and float32 steps of each channel (first axis), with the smallest squared error."""
    rows = weights.reshape(len(weights), -1).astype(np.float64)
    largest = np.maximum(np.abs(rows).max(1), 1e-12)
    best_error = np.full(len(rows), np.inf)
    best, steps = np.zeros(rows.shape, np.int8), np.zeros(len(rows))
    for share in RANGES:
        step = largest * share / LARGEST
        values = np.clip(np.rint(rows / step[:, None]), -LARGEST, LARGEST)
        error = ((values * step[:, None] - rows) ** 2).sum(1)
        better = error < best_error
        best_error[better], steps[better] = error[better], step[better]
        best[better] = values[better]
    return best.reshape(weights.shape), steps.astype(np.float32)


def quantise(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a graph with all weights in int8, each channel with its own step. Activations stay float.

    Static quantisation of activations too is faster, but not the same everywhere: processors without VNNI add products
    of 8 bits in 16 bits and clip the sums (training/LOG.md).
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    kept, nodes = [], []
    for tensor in copy.graph.initializer:
        if len(tensor.dims) < 2:
            kept.append(tensor)
            continue
        values, steps = quantise_weights(numpy_helper.to_array(tensor))
        names = [f"{tensor.name}.values", f"{tensor.name}.steps"]
        kept += [numpy_helper.from_array(values, names[0]), numpy_helper.from_array(steps, names[1])]
        nodes.append(helper.make_node("DequantizeLinear", names, [tensor.name], name=f"{tensor.name}.scaled", axis=0))
    nodes += copy.graph.node
    kept = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in kept]
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del copy.graph.initializer[:], copy.graph.node[:]
    copy.graph.initializer.extend(kept)
    copy.graph.node.extend(nodes)
    onnx.checker.check_model(copy, full_check=True)
    return copy


def as_input(pictures: np.ndarray) -> np.ndarray:
    """uint8 [n, height, width, 3] as the graph takes it."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), np.float32)


def probabilities(model: onnx.ModelProto, pictures: np.ndarray, threads: int = 1) -> np.ndarray:
    """float32 [n, classes] of pictures uint8 [n, height, width, 3]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    parts = [session.run(None, {"picture": as_input(pictures[at : at + BATCH])})[0] for at in range(0, len(pictures), BATCH)]
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
