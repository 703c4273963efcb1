"""The tokenizer's networks as ONNX: uint8 in, uint8 out, float32 between; weights are stored as float16.

The state is bytes too: features in sixteenths around 128, then samples of the last picture as they are.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from ..program import OPSET
from .networks import CHANNELS, GROUP, SAMPLES, Tokenizer
from .rate_aware import FALLING_PRICE, HIGHEST_PRICE, WORTH

FLOAT, BYTE = TensorProto.FLOAT, TensorProto.UINT8


class GraphWriter:
    """A list of nodes. Every method adds nodes and returns the name of their output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def add(self, op: str, inputs: list[str], **attributes: object) -> str:
        return self.several(op, inputs, 1, **attributes)[0]

    def several(self, op: str, inputs: list[str], count: int, **attributes: object) -> list[str]:
        outputs = [f"{op.lower()}_{len(self.nodes)}" + (f"_{i}" if count > 1 else "") for i in range(count)]
        self.nodes.append(helper.make_node(op, inputs, outputs, **attributes))
        return outputs

    def constant(self, values: np.ndarray | list[int] | float) -> str:
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        self.stored.append(numpy_helper.from_array(array, f"constant_{len(self.stored)}"))
        return self.stored[-1].name

    def weight(self, values: Tensor) -> str:
        """A float16 tensor, cast when the graph is loaded."""
        array = values.detach().cpu().numpy().astype(np.float16)
        self.stored.append(numpy_helper.from_array(array, f"weight_{len(self.stored)}"))
        return self.add("Cast", [self.stored[-1].name], to=FLOAT)

    def input(self, name: str, kind: int, shape: list[int | str]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, value: str, kind: int, shape: list[int | str]) -> None:
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def conv(self, x: str, layer: nn.Conv2d) -> str:
        pad = layer.kernel_size[0] // 2
        return self.add("Conv", [x, self.weight(layer.weight), self.weight(layer.bias)], pads=[pad] * 4)

    def per_channel(self, channels: str, layer: nn.Linear) -> str:
        """[18] to [1, width, 1, 1]."""
        product = self.add("MatMul", [channels, self.weight(layer.weight.T)])
        total = self.add("Add", [product, self.weight(layer.bias)])
        return self.add("Reshape", [total, self.constant([1, -1, 1, 1])])

    def total(self, parts: list[str]) -> str:
        result = parts[0]
        for part in parts[1:]:
            result = self.add("Add", [result, part])
        return result

    def blocks(self, x: str, blocks: nn.Sequential) -> str:
        for block in blocks:
            hidden = self.add("LeakyRelu", [self.conv(x, block.mix)], alpha=0.1)
            x = self.add("Add", [self.conv(hidden, block.back), x])
        return x

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.stored)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="tessera")
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


PLANES = (("y", "height", "width", 8), ("u", "halfHeight", "halfWidth", 4), ("v", "halfHeight", "halfWidth", 4))
CELLS = ["rows", "columns"]
NAT_STEPS = 8.0  # of a byte of evidence
FEATURE_STEPS = 16.0  # of a feature's byte: features have a mean square of one


def first_state(channels: int) -> np.ndarray:
    """uint8 [channels]: the state before a chunk, which is zero in every channel."""
    return np.full(channels, 128, np.uint8)


def _state(g: GraphWriter, channels: int) -> tuple[str, str]:
    """Features and last picture."""
    state = g.add("Sub", [g.add("Cast", [g.input("state", BYTE, [1, channels, *CELLS])], to=FLOAT), g.constant(128.0)])
    features, last = g.several("Split", [state, g.constant([channels - SAMPLES, SAMPLES])], 2, axis=1)
    return g.add("Mul", [features, g.constant(1 / FEATURE_STEPS)]), g.add("Mul", [last, g.constant(1 / 64)])


def _channels(g: GraphWriter) -> str:
    return g.add("Cast", [g.input("channels", BYTE, [CHANNELS])], to=FLOAT)


def _to_bytes(g: GraphWriter, value: str, steps: float, offset: float = 128.5) -> str:
    """Whole `steps` above `offset`, rounded down and limited to 0..255; still float32."""
    levels = g.add("Floor", [g.add("Add", [g.add("Mul", [value, g.constant(steps)]), g.constant(offset)])])
    return g.add("Clip", [levels, g.constant(0.0), g.constant(255.0)])


def encoder_graph(tokenizer: Tokenizer) -> onnx.ModelProto:
    """y, u, v [4, rows, columns], state [1, S, h, w], channels [18] in 0, 1 to evidence [18, h, w].

    Evidence is what signs are worth (`rate_aware.evidence`) in eighths of a nat around 127.5: 128 and above is positive.
    """
    g, net = GraphWriter("tokenizer-encoder"), tokenizer.encoder
    cells = []
    for name, height, width, block in PLANES:
        plane = g.add("Cast", [g.input(name, BYTE, [GROUP, height, width])], to=FLOAT)
        cells.append(g.add("SpaceToDepth", [g.add("Unsqueeze", [plane, g.constant([1])])], blocksize=block))
    joined = g.add("Concat", cells, axis=1)
    # [4, 96, h, w] to [1, 384, h, w]: only the first two dimensions change.
    frames = g.add("Reshape", [joined, g.constant([1, GROUP * SAMPLES, 0, 0])])
    frames = g.add("Mul", [g.add("Sub", [frames, g.constant(128.0)]), g.constant(1 / 64)])
    features, last = _state(g, tokenizer.shape.state_channels)
    channels = _channels(g)
    parts = [g.conv(frames, net.frames), g.conv(last, net.last), g.conv(features, net.features), g.per_channel(channels, net.channels)]
    z = g.conv(g.blocks(g.total(parts), net.blocks), net.head)
    in_use = g.add("ReduceSum", [channels], keepdims=1)
    squared = g.add("Mul", [in_use, in_use])
    per_price = g.add("Max", [g.add("Mul", [squared, g.constant(1 / FALLING_PRICE)]), g.constant(1 / HIGHEST_PRICE)])
    worth = g.add("Mul", [z, g.constant(WORTH.reshape(1, CHANNELS, 1, 1).numpy())])
    evidence = _to_bytes(g, g.add("Mul", [worth, per_price]), NAT_STEPS, 128.0)
    g.output("evidence", g.add("Cast", [g.add("Squeeze", [evidence, g.constant([0])])], to=BYTE), BYTE, [CHANNELS, *CELLS])
    return g.model()


def decoder_graph(tokenizer: Tokenizer) -> onnx.ModelProto:
    """tokens [18, h, w], state [1, S, h, w], channels [18] to y, u, v [4, rows, columns] and the next state."""
    g, net = GraphWriter("tokenizer-decoder"), tokenizer.decoder
    tokens = g.add("Cast", [g.input("tokens", BYTE, [CHANNELS, *CELLS])], to=FLOAT)
    features, last = _state(g, tokenizer.shape.state_channels)
    channels = _channels(g)
    present = g.add("Reshape", [channels, g.constant([1, CHANNELS, 1, 1])])
    signs = g.add("Sub", [g.add("Mul", [g.add("Unsqueeze", [tokens, g.constant([0])]), g.constant(2.0)]), g.constant(1.0)])
    signs = g.add("Mul", [signs, present])
    parts = [g.conv(signs, net.tokens), g.conv(last, net.last), g.conv(features, net.features), g.per_channel(channels, net.channels)]
    x = g.blocks(g.total(parts), net.blocks)
    kept = g.add("Mul", [g.add("Concat", [last] * GROUP, axis=1), g.weight(net.keep().reshape(1, -1, 1, 1))])
    pictures = g.add("Add", [g.conv(x, net.head), kept])
    # [1, 384, h, w] to [4, 96, h, w].
    frames = g.add("Reshape", [pictures, g.constant([GROUP, SAMPLES, 0, 0])])
    levels = _to_bytes(g, frames, 64.0)
    for (name, height, width, block), part in zip(PLANES, g.several("Split", [levels, g.constant([64, 16, 16])], 3, axis=1)):
        plane = g.add("Squeeze", [g.add("DepthToSpace", [part], blocksize=block), g.constant([1])])
        g.output(name, g.add("Cast", [plane], to=BYTE), BYTE, [GROUP, height, width])
    square = g.add("ReduceMean", [g.add("Mul", [x, x])], axes=[1], keepdims=1)
    length = g.add("Sqrt", [g.add("Add", [square, g.constant(1e-4)])])
    _, shown = g.several("Split", [pictures, g.constant([(GROUP - 1) * SAMPLES, SAMPLES])], 2, axis=1)
    state = g.add("Concat", [_to_bytes(g, g.add("Div", [x, length]), FEATURE_STEPS), _to_bytes(g, shown, 64.0)], axis=1)
    g.output("nextState", g.add("Cast", [state], to=BYTE), BYTE, [1, tokenizer.shape.state_channels, *CELLS])
    return g.model()
