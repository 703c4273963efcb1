"""Loads the weights of a pack's graphs into networks, to continue the training of a pack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from .exact import ExactConv
from .networks import LoopFilter, Prior, Scales
from .pack import read_manifest
from .post_network import PostFilter, PostShape
from .program import Program, rescaled_in_place


class PackGraph:
    """The stored arrays of one graph, by the steps of the program that it was written from."""

    def __init__(self, program: Program, graph: onnx.GraphProto) -> None:
        constants = {initialiser.name: numpy_helper.to_array(initialiser) for initialiser in graph.initializer}
        self.arrays = {
            node.output[0]: constants[node.input[0]] for node in graph.node if node.op_type == "Cast" and node.input[0] in constants
        }
        for node in graph.node:
            if node.op_type == "DequantizeLinear" and node.input[0] in constants:
                values, scale = constants[node.input[0]].astype(np.float64), constants[node.input[1]]
                self.arrays[node.output[0]] = values * scale.reshape(-1, *[1] * (values.ndim - 1))
        self.folded = rescaled_in_place(program)
        self.steps = [step for step in program.steps if step.op in ("conv", "weigh", "spread")]

    def fill(self, layers: list[nn.Module]) -> None:
        """Gives the layers, in the order of the program's steps, their weights. Raises ValueError if shapes differ."""
        for step, layer in zip(self.steps, layers, strict=True):
            name = step.output
            if isinstance(layer, Scales):
                rows = [self.arrays[f"{name}_weight{index}"][0] for index in range(len(layer.weight))]
                _copy(layer.weight, np.stack(rows) / 64)
            elif isinstance(layer, Sides):
                layer.fill(self.arrays[f"{name}_weight"])
            else:
                offset = int(self.folded[name].values["offset"]) if name in self.folded else 0
                weight, bias = self.arrays[f"{name}_weight"], self.arrays[f"{name}_bias"].astype(np.float64) - offset
                scale = layer.scale if isinstance(layer, ExactConv) else 1
                weight = with_new_inputs(weight.astype(np.float64), layer.weight.shape[1])
                _copy(layer.weight, weight.reshape(layer.weight.shape) / scale)
                _copy(layer.bias, bias / (64 * scale if isinstance(layer, ExactConv) else 1))


class Sides(nn.Module):
    """The loop filter's two layers of side information, which its graph holds as one transposed convolution."""

    def __init__(self, filter_: LoopFilter) -> None:
        super().__init__()
        self.filter = filter_

    def fill(self, taps: np.ndarray) -> None:
        """`taps` [inputs + 1, width, 3, 3], the last input is 1; each layer gets a half of the shared middle tap."""
        before, after = self.filter.before, self.filter.after
        taps = np.concatenate([with_new_inputs(taps[:-1].swapaxes(0, 1), before.weight.shape[1]).swapaxes(0, 1), taps[-1:]])
        first, rest = taps[:, :, 1:, 1:].astype(np.float64), taps[:, :, :2, :2].astype(np.float64)
        first[:, :, 0, 0] = np.ceil(first[:, :, 0, 0] / 2)
        rest[:, :, 1, 1] -= first[:, :, 0, 0]
        for layer, part in ((before, first), (after, rest)):
            flat = part.transpose(2, 3, 1, 0).reshape(-1, len(taps))
            _copy(layer.weight, flat[:, :-1].reshape(layer.weight.shape) / layer.scale)
            _copy(layer.bias, flat[:, -1] / (64 * layer.scale))


def with_new_inputs(weight: np.ndarray, inputs: int) -> np.ndarray:
    """`weight` [outputs, its inputs, ..], with zeros for inputs that came behind them since."""
    missing = max(0, inputs - weight.shape[1]) if weight.shape[1] > 1 else 0
    return np.concatenate([weight, np.zeros((len(weight), missing, *weight.shape[2:]), weight.dtype)], 1)


def _copy(parameter: nn.Parameter, values: np.ndarray) -> None:
    if tuple(parameter.shape) != values.shape:
        raise ValueError(f"the pack has {values.shape} where the network has {tuple(parameter.shape)}")
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(values))


def _layers(blocks: nn.ModuleList, *names: str) -> list[nn.Module]:
    """The named layers of each block, block after block."""
    return [getattr(block, name) for block in blocks for name in names]


def _filter_layers(model: LoopFilter | PostFilter) -> list[nn.Module]:
    return [model.embed, *_layers(model.blocks, "depthwise", "expand", "project"), model.head]


def _read_graph(folder: Path, part: str) -> onnx.GraphProto:
    return onnx.load(folder / read_manifest(folder)["files"][part]["path"]).graph


def load_post_filter(folder: Path, part: str) -> PostFilter:
    """The post-filter `part` of the pack in `folder`, with the shape that it has there."""
    graph = _read_graph(folder, part)
    # Kernels have four dimensions: embed, then depthwise, expand and project of each block, head.
    kernels = [constant.dims for constant in graph.initializer if len(constant.dims) == 4]
    model = PostFilter(PostShape(width=kernels[0][0], hidden=kernels[2][0], blocks=(len(kernels) - 2) // 3))
    model.eight_bit.fill_(any(node.op_type == "QuantizeLinear" for node in graph.node))
    PackGraph(model.program(part), graph).fill(_filter_layers(model))
    return model


def load_weights(model: Prior | LoopFilter, folder: Path) -> None:
    """Fills an exact network with the weights that the pack in `folder` has for it."""
    if isinstance(model, LoopFilter):
        PackGraph(model.program(), _read_graph(folder, "loop-filter")).fill([Sides(model), *_filter_layers(model)])
        return
    first, second = model.programs()
    inner = _layers(model.first, "expand", "project")
    PackGraph(first, _read_graph(folder, "prior-first")).fill([model.embed, *inner, model.head_first, model.memory_skip])
    inner = _layers(model.second, "expand", "project")
    PackGraph(second, _read_graph(folder, "prior-second")).fill([model.mix, *inner, model.head_second, model.token_skip])


def training_of(folder: Path, part: str) -> dict[str, float]:
    """Steps, minutes and samples of the training of a part of the pack, from its manifest."""
    told = read_manifest(folder)["provenance"].get("parts", {}).get(part, {})
    return {"step": told.get("steps", 0), "minutes": 60 * told.get("hours", 0.0), "samples": told.get("samples", 0.0)}
