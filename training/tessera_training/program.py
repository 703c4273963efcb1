"""A network as a short list of steps, from which the ONNX graph, the numpy int64 evaluation and the bounds come.

Exact graphs (docs/FORMAT.md, section 11) are built of `conv` (integer sums), `combine` (sums times powers of two,
shifted right, floored, clipped) and data movement. Float graphs use the same steps without floor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

EXACT_LIMIT = 2**24
OPSET = 17
FLOAT = TensorProto.FLOAT


@dataclass
class Step:
    op: str
    inputs: list[str]
    output: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class Program:
    """Inputs are uint8 [1, channels, height, width], or [count, channels] where `height` is "count" and `width` empty;
    then all kernels are 1x1. `positions` is evaluations of a convolution per pixel."""

    name: str
    positions: float
    batch: int | str = 1
    inputs: list[tuple[str, int, str, str]] = field(default_factory=list)
    outputs: list[tuple[str, str, int, str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def _add(self, op: str, inputs: list[str], **values: Any) -> str:
        output = f"{op}_{len(self.steps)}"
        self.steps.append(Step(op, inputs, output, values))
        return output

    def input(self, name: str, channels: int, height: str, width: str, offset: int = 0, block: int = 1) -> str:
        """A graph input as float plus `offset`, its `block` x `block` squares folded into channels."""
        self.inputs.append((name, channels, height, width))
        return self._add("input", [name], offset=offset, block=block)

    def input_bytes(self, name: str, channels: int, height: str, width: str) -> str:
        """A graph input as bytes: for `from_bytes`, `fold`, `concat` and `slice`."""
        self.inputs.append((name, channels, height, width))
        return name

    def conv(
        self,
        x: str,
        weight: np.ndarray,
        bias: np.ndarray,
        groups: int = 1,
        positions: float | None = None,
        scales: np.ndarray | None = None,
    ) -> str:
        """Sums of a 'same' convolution with zero padding; integers stay integers. `positions` as in the program.

        `scales` [outputs]: a step of each row's int8 weights, in float graphs; `x` is a `from_bytes` step then, and a
        `to_bytes` one follows, so that runtimes compute in 8 bits.
        """
        given: dict[str, Any] = {} if positions is None else {"positions": positions}
        if scales is not None:
            given["scales"] = scales
        return self._add("conv", [x], weight=weight, bias=bias, groups=groups, **given)

    def bytes(self, x: str, scale: float, zero: int) -> str:
        """`x` rounded and limited to what (0..255 - zero) * scale holds, in float graphs."""
        return self.from_bytes(self.to_bytes(x, scale, zero), scale, zero)

    def to_bytes(self, x: str, scale: float, zero: int) -> str:
        """Bytes: `x` / scale + zero, rounded and limited."""
        return self._add("to_bytes", [x], scale=scale, zero=zero)

    def from_bytes(self, x: str, scale: float, zero: int) -> str:
        """What bytes stand for: (`x` - zero) * scale."""
        return self._add("from_bytes", [x], scale=scale, zero=zero)

    def combine(
        self,
        inputs: list[str],
        multipliers: list[float] | None = None,
        offset: float = 0,
        shift: int = 0,
        low: float | None = None,
        high: float | None = None,
        floor: bool = True,
    ) -> str:
        """clip(floor((sum of input * multiplier + offset) * 2^-shift), low, high)."""
        multipliers = multipliers or [1] * len(inputs)
        return self._add("combine", inputs, multipliers=multipliers, offset=offset, shift=shift, low=low, high=high, floor=floor)

    def weigh(self, inputs: list[str], weight: np.ndarray) -> str:
        """Sum of inputs, each times its own integer per channel; `weight` [len(inputs), channels]."""
        return self._add("weigh", inputs, weight=weight)

    def concat(self, inputs: list[str]) -> str:
        return self._add("concat", inputs)

    def slice(self, x: str, start: int, end: int) -> str:
        return self._add("slice", [x], start=start, end=end)

    def trim(self, x: str, border: int) -> str:
        """Without `border` positions on each side of the grid."""
        return self._add("trim", [x], border=border)

    def fold(self, x: str, block: int) -> str:
        """Squares of `block` x `block` of one channel become channels."""
        return self._add("fold", [x], block=block)

    def unfold(self, x: str, block: int) -> str:
        """The inverse of `fold`."""
        return self._add("unfold", [x], block=block)

    def spread(self, x: str, weight: np.ndarray, bias: np.ndarray, positions: float) -> str:
        """Transposed convolution of stride 2: [I, h, w] to [O, 2 h - 1, 2 w - 1].

        `weight` is int32 [I, O, 3, 3]: output (2 i + dy, 2 j + dx) takes input (i, j) times tap (1 + dy, 1 + dx).
        `bias` int32 [O, 3, 3] counts likewise, as if of one more input that is 1. `positions` is inputs per pixel.
        """
        return self._add("spread", [x], weight=weight, bias=bias, positions=positions)

    @property
    def is_rows(self) -> bool:
        """Whether inputs are [count, channels]."""
        return self.inputs[0][2] == "count"

    def output(self, name: str, x: str, channels: int, height: str, width: str, block: int = 1) -> None:
        """Values 0..255, or bytes, become a uint8 output, channels unfolded to `block` x `block` squares."""
        self.outputs.append((name, self._add("output", [x], block=block), channels, height, width))

    def kilo_macs_per_pixel(self) -> float:
        macs = sum(s.values["weight"].size * s.values.get("positions", self.positions) for s in self.steps if s.op in ("conv", "spread"))
        return macs / 1000


def _fold(x: np.ndarray, block: int) -> np.ndarray:
    n, _, h, w = x.shape
    return x.reshape(n, h // block, block, w // block, block).transpose(0, 2, 4, 1, 3).reshape(n, block * block, h // block, w // block)


def _unfold(x: np.ndarray, block: int) -> np.ndarray:
    n, _, h, w = x.shape
    return x.reshape(n, block, block, h, w).transpose(0, 3, 1, 4, 2).reshape(n, 1, h * block, w * block)


def _with_ones(step: Step) -> np.ndarray:
    """Weight of a `spread` whose last input is 1."""
    return np.concatenate([step.values["weight"], step.values["bias"][None]])


def _spread(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """`Program.spread` in int64, of inputs whose last one is 1."""
    n, _, h, w = x.shape
    result = np.zeros((n, weight.shape[1], 2 * h + 1, 2 * w + 1), np.int64)
    for dy in range(3):
        for dx in range(3):
            taps = weight[:, :, dy, dx].astype(np.int64)
            result[:, :, dy : dy + 2 * h : 2, dx : dx + 2 * w : 2] += np.einsum("io,nihw->nohw", taps, x)
    return result[:, :, 1:-1, 1:-1]


def _convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, groups: int) -> np.ndarray:
    """'Same' convolution in int64, one tap at a time."""
    o, i, k, _ = weight.shape
    n, c, h, w = x.shape
    pad = k // 2
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    result = np.zeros((n, o, h, w), np.int64) + bias.astype(np.int64)[None, :, None, None]
    taps = weight.astype(np.int64).reshape(groups, o // groups, i, k, k)
    for dy in range(k):
        for dx in range(k):
            window = padded[:, :, dy : dy + h, dx : dx + w].reshape(n, groups, c // groups, h, w)
            result += np.einsum("goi,ngihw->ngohw", taps[..., dy, dx], window).reshape(n, o, h, w)
    return result


def evaluate(program: Program, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Evaluates an exact program in int64: the yardstick of every device. Raises if a sum reaches 2^24."""
    values: dict[str, np.ndarray] = {}
    for step in program.steps:
        v = step.values
        if step.op == "input":
            x = inputs[step.inputs[0]].astype(np.int64)
            if program.is_rows:
                x = x[:, :, None, None]
            result = (_fold(x, v["block"]) if v["block"] > 1 else x) + v["offset"]
        elif step.op == "conv":
            result = _convolve(values[step.inputs[0]], v["weight"], v["bias"], v["groups"])
        elif step.op == "combine":
            result = sum(values[x] * int(m) for x, m in zip(step.inputs, v["multipliers"])) + int(v["offset"])
            result = result >> v["shift"]
            if v["low"] is not None:
                result = np.clip(result, v["low"], v["high"])
        elif step.op == "weigh":
            weight = v["weight"].astype(np.int64)[:, None, :, None, None]
            result = sum(values[x] * w for x, w in zip(step.inputs, weight))
        elif step.op == "trim":
            b = v["border"]
            result = values[step.inputs[0]][:, :, b:-b, b:-b]
        elif step.op == "spread":
            x = values[step.inputs[0]]
            result = _spread(np.concatenate([x, np.ones_like(x[:, :1])], 1), _with_ones(step))
        elif step.op == "fold":
            result = _fold(values[step.inputs[0]], v["block"])
        elif step.op == "unfold":
            result = _unfold(values[step.inputs[0]], v["block"])
        elif step.op == "concat":
            result = np.concatenate([values[x] for x in step.inputs], 1)
        elif step.op == "slice":
            result = values[step.inputs[0]][:, v["start"] : v["end"]]
        else:
            x = values[step.inputs[0]]
            result = _unfold(x, v["block"]) if v["block"] > 1 else x
        if np.abs(result).max() >= EXACT_LIMIT:
            raise OverflowError(f"{program.name}: {step.output} reaches 2^24")
        values[step.output] = result
    results = {name: values[source].astype(np.uint8) for name, source, *_ in program.outputs}
    return {name: value[:, :, 0, 0] for name, value in results.items()} if program.is_rows else results


def intervals(program: Program) -> dict[str, tuple[float, float]]:
    """Smallest and largest value each step can take, whatever the input. Raises ValueError if a sum may reach 2^24."""
    low: dict[str, float] = {}
    high: dict[str, float] = {}
    for step in program.steps:
        v = step.values
        bound = 0.0
        if step.op == "input":
            lo, hi = v["offset"], 255 + v["offset"]
        elif step.op == "conv":
            x = step.inputs[0]
            weight = v["weight"].astype(np.float64).reshape(len(v["weight"]), -1)
            bias = v["bias"].astype(np.float64)
            lo_in, hi_in = min(0, low[x]), max(0, high[x])  # zero: the padding
            up = np.maximum(weight * hi_in, weight * lo_in).sum(1)
            down = np.minimum(weight * hi_in, weight * lo_in).sum(1)
            lo, hi = float((down + bias).min()), float((up + bias).max())
            # Terms may be added in any order: a partial sum can reach either side, with or without the bias.
            bound = float((np.maximum(up, -down) + np.abs(bias)).max())
        elif step.op == "combine":
            sides = [sorted((low[x] * m, high[x] * m)) for x, m in zip(step.inputs, v["multipliers"])]
            bound = sum(max(abs(a), abs(b)) for a, b in sides) + abs(v["offset"])
            scale = 2.0 ** -v["shift"]
            lo = np.floor((sum(a for a, _ in sides) + v["offset"]) * scale)
            hi = np.floor((sum(b for _, b in sides) + v["offset"]) * scale)
            if v["low"] is not None:
                lo, hi = max(lo, v["low"]), min(hi, v["high"])
        elif step.op == "weigh":
            up = sum(np.maximum(w * low[x], w * high[x]) for x, w in zip(step.inputs, v["weight"].astype(np.float64)))
            down = sum(np.minimum(w * low[x], w * high[x]) for x, w in zip(step.inputs, v["weight"].astype(np.float64)))
            lo, hi = float(down.min()), float(up.max())
            sizes = (np.abs(w) * max(-low[x], high[x]) for x, w in zip(step.inputs, v["weight"].astype(np.float64)))
            bound = float(sum(sizes).max())
        elif step.op == "spread":
            x = step.inputs[0]
            weight, bias = v["weight"].astype(np.float64), v["bias"].astype(np.float64)
            up = np.maximum(weight * high[x], weight * low[x]).sum(0)
            down = np.minimum(weight * high[x], weight * low[x]).sum(0)
            size = (np.abs(weight) * max(-low[x], high[x])).sum(0) + np.abs(bias)
            # Outputs at even places of a direction take the middle tap, others the two outer ones.
            taps = [(slice(None), *np.ix_(rows, columns)) for rows in ([1], [0, 2]) for columns in ([1], [0, 2])]
            lo = float(min((down + bias)[t].sum((1, 2)).min() for t in taps))
            hi = float(max((up + bias)[t].sum((1, 2)).max() for t in taps))
            bound = float(max(size[t].sum((1, 2)).max() for t in taps))
        elif step.op == "concat":
            lo, hi = min(low[x] for x in step.inputs), max(high[x] for x in step.inputs)
        else:
            lo, hi = low[step.inputs[0]], high[step.inputs[0]]
        low[step.output], high[step.output] = lo, hi
        if bound >= EXACT_LIMIT:
            raise ValueError(f"{program.name}: {step.output} may reach {bound:.0f}, beyond 2^24")
    return {name: (low[name], high[name]) for name in low}


def rescaled_in_place(program: Program) -> dict[str, Step]:
    """Exact convolutions whose only use is to be rescaled, floored and limited: their output to that step.

    Their weights can carry the power of two: sums become multiples of it, as exact as whole numbers are.
    """
    users: dict[str, list[Step]] = {}
    for step in program.steps:
        for x in step.inputs:
            users.setdefault(x, []).append(step)
    found = {}
    for step in program.steps:
        if step.op != "conv" or step.values["weight"].dtype != np.int8 or len(users[step.output]) != 1:
            continue
        (user,) = users[step.output]
        v = user.values
        if user.op == "combine" and user.inputs == [step.output] and v["multipliers"] == [1] and v["floor"] and v["high"] is not None:
            found[step.output] = user
    return found


def to_onnx(program: Program) -> onnx.ModelProto:
    """The ONNX graph: weights stay int8, int32 or float16 in the file and are cast when it is loaded."""
    nodes: list[onnx.NodeProto] = []
    initialisers: list[onnx.TensorProto] = []
    constants: dict[tuple[str, Any], str] = {}

    def node(op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(op, inputs, [output], name=f"{op}_{len(nodes)}", **attributes))
        return output

    def constant(array: np.ndarray) -> str:
        key = (array.dtype.name, tuple(array.shape), array.tobytes())
        if key not in constants:
            constants[key] = f"constant_{len(initialisers)}"
            initialisers.append(numpy_helper.from_array(array, constants[key]))
        return constants[key]

    def number(value: float) -> str:
        return constant(np.array(value, np.float32))

    def stored(array: np.ndarray, name: str) -> str:
        array = np.ascontiguousarray(array)
        if array.dtype == np.int32 and np.abs(array).max() < 2**15:
            array = array.astype(np.int16)
        return node("Cast", [constant(array)], name, to=FLOAT)

    def dequantised(values: str, scale: np.ndarray, zero: np.ndarray, output: str) -> str:
        axis = {"axis": 0} if scale.ndim else {}
        return node("DequantizeLinear", [values, constant(scale), constant(zero)], output, **axis)

    folded = rescaled_in_place(program)
    steps = {step.output: step for step in program.steps}
    for step in program.steps:
        v, x, out = step.values, step.inputs[0], step.output
        if step.op == "input":
            last = node("Cast", [x], f"{out}_float", to=FLOAT)
            if v["offset"]:
                last = node("Add", [last, number(v["offset"])], f"{out}_centred")
            if v["block"] > 1:
                node("SpaceToDepth", [last], out, blocksize=v["block"])
            else:
                nodes[-1].output[0] = out
        elif step.op == "conv" and "scales" in v:
            rows = len(v["weight"])
            steps_of_sums = v["scales"] * np.float32(steps[x].values["scale"])
            weight = dequantised(constant(v["weight"]), v["scales"], np.zeros(rows, np.int8), f"{out}_weight")
            bias = constant(np.round(v["bias"] / steps_of_sums).astype(np.int32))
            bias = dequantised(bias, steps_of_sums, np.zeros(rows, np.int32), f"{out}_bias")
            k = v["weight"].shape[-1]
            node("Conv", [x, weight, bias], out, group=v["groups"], kernel_shape=[k, k], pads=[k // 2] * 4)
        elif step.op in ("to_bytes", "from_bytes"):
            kind = "QuantizeLinear" if step.op == "to_bytes" else "DequantizeLinear"
            node(kind, [x, number(v["scale"]), constant(np.array(v["zero"], np.uint8))], out)
        elif step.op == "conv":
            k = v["weight"].shape[-1]
            weight = v["weight"][:, :, 0, 0] if program.is_rows else v["weight"]
            offset = int(folded[out].values["offset"]) if out in folded else 0
            bias = v["bias"] + np.int32(offset) if offset else v["bias"]
            inputs = [x, stored(weight, f"{out}_weight"), stored(bias, f"{out}_bias")]
            if out in folded:
                scale = number(2.0 ** -folded[out].values["shift"])
                inputs[1:] = [node("Mul", [name, scale], f"{name}_scaled") for name in inputs[1:]]
            if program.is_rows:
                node("Gemm", inputs, out, transB=1)
            else:
                node("Conv", inputs, out, group=v["groups"], kernel_shape=[k, k], pads=[k // 2] * 4)
        elif step.op == "weigh":
            weights = [stored(w[None], f"{out}_weight{index}") for index, w in enumerate(v["weight"])]
            terms = [node("Mul", [source, w], f"{out}_term{index}") for index, (source, w) in enumerate(zip(step.inputs, weights))]
            last = terms[0]
            for index, term in enumerate(terms[1:]):
                last = node("Add", [last, term], f"{out}_sum{index}")
            nodes[-1].output[0] = out
        elif step.op == "trim":
            ends = [constant(np.array(value, np.int64)) for value in ([v["border"]] * 2, [-v["border"]] * 2, [2, 3])]
            node("Slice", [x, *ends], out)
        elif step.op == "spread":
            ends = [constant(np.array([value], np.int64)) for value in (0, 1, 1)]
            # Any input limited to 1..1.
            ones = node("Clip", [node("Slice", [x, *ends], f"{out}_any"), number(1), number(1)], f"{out}_ones")
            inputs = [node("Concat", [x, ones], f"{out}_inputs", axis=1), stored(_with_ones(step), f"{out}_weight")]
            node("ConvTranspose", inputs, out, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        elif step.op == "fold":
            node("SpaceToDepth", [x], out, blocksize=v["block"])
        elif step.op == "unfold":
            node("DepthToSpace", [x], out, blocksize=v["block"], mode="DCR")
        elif step.op == "combine" and folded.get(x) is step:
            # The limits are whole numbers, so Clip may come first, where runtimes join it to the convolution.
            limits = [number(v["low"]), number(v["high"])]
            node("Floor", [node("Clip", [x, *limits], f"{out}_clipped")], out)
        elif step.op == "combine":
            terms = []
            for index, (source, multiplier) in enumerate(zip(step.inputs, v["multipliers"])):
                scaled = node("Mul", [source, number(multiplier)], f"{out}_term{index}") if multiplier != 1 else source
                terms.append(scaled)
            last = terms[0]
            for index, term in enumerate(terms[1:]):
                last = node("Add", [last, term], f"{out}_sum{index}")
            if v["offset"]:
                last = node("Add", [last, number(v["offset"])], f"{out}_offset")
            if v["shift"]:
                last = node("Mul", [last, number(2.0 ** -v["shift"])], f"{out}_scaled")
            if v["floor"] and (v["shift"] or any(m != int(m) for m in v["multipliers"]) or v["offset"] != int(v["offset"])):
                last = node("Floor", [last], f"{out}_floor")
            if v["low"] is not None:
                limits = [number(v["low"])] + ([number(v["high"])] if v["high"] is not None else [])
                node("Clip", [last, *limits], out)
            else:
                nodes[-1].output[0] = out
        elif step.op == "concat":
            node("Concat", step.inputs, out, axis=1)
        elif step.op == "slice":
            ends = [constant(np.array([value], np.int64)) for value in (v["start"], v["end"], 1)]
            node("Slice", [x, *ends], out)
        elif v["block"] > 1:
            last = node("Cast", [x], f"{out}_bytes", to=TensorProto.UINT8)
            node("DepthToSpace", [last], out, blocksize=v["block"], mode="DCR")
        else:
            node("Cast", [x], out, to=TensorProto.UINT8)
    def shape(channels: int, height: str, width: str) -> list[int | str]:
        return ["count", channels] if program.is_rows else [program.batch, channels, height, width]

    rename = {source: name for name, source, *_ in program.outputs}
    for made in nodes:
        for index, name in enumerate(made.output):
            made.output[index] = rename.get(name, name)
    graph = helper.make_graph(
        nodes,
        program.name,
        [helper.make_tensor_value_info(n, TensorProto.UINT8, shape(c, h, w)) for n, c, h, w in program.inputs],
        [helper.make_tensor_value_info(n, TensorProto.UINT8, shape(c, h, w)) for n, _, c, h, w in program.outputs],
        initialisers,
    )
    model = helper.make_model(graph, producer_name="tessera", opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
