"""Post-filters: networks on folded pictures, in float or all in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .folded import PLANES, SIDE_PLANES, byte_inputs, picture_inputs, picture_outputs, without_mean
from .program import Program


@dataclass(frozen=True)
class Bytes:
    """What a byte b stands for: (b - zero) * scale."""

    scale: float
    zero: int

    def rounded(self, x: Tensor) -> Tensor:
        """`x` as bytes hold it: rounded and limited, with the gradient of what is inside the limits."""
        return torch.fake_quantize_per_tensor_affine(x, self.scale, self.zero, 0, 255)


INPUT = Bytes(1 / 64, 128)  # samples and side information, as they come
SIGNED = Bytes(1 / 127, 128)  # -1..1
UNSIGNED = Bytes(1 / 255, 0)  # 0..1
CHANGE = Bytes(1 / 4, 128)  # of samples: up to 32
SAMPLE = Bytes(1, 0)
WEIGHT_LIMIT = 63  # of 8-bit layers: sums of two products stay below 2^15, which AVX2 needs

Layer = nn.Linear | nn.Conv2d


@dataclass(frozen=True)
class PostShape:
    """Channels of a post-filter's trunk and of its blocks' hidden layers, and the number of blocks."""

    width: int
    hidden: int
    blocks: int


def steps_of(layer: Layer) -> Tensor:
    """What a step of each row's 8-bit weights is worth."""
    return layer.weight.detach().flatten(1).abs().amax(1).clamp_min(1e-6) / WEIGHT_LIMIT


def weight_of(layer: Layer, eight_bit: bool) -> Tensor:
    """A layer's weight, rounded to 8 bits if need be."""
    if not eight_bit:
        return layer.weight
    steps = steps_of(layer)
    zero = torch.zeros(len(steps), dtype=torch.int32, device=steps.device)
    return torch.fake_quantize_per_channel_affine(layer.weight, steps, zero, 0, -WEIGHT_LIMIT, WEIGHT_LIMIT)


def limited(x: Tensor, held: Bytes, eight_bit: bool) -> Tensor:
    """`x`, as bytes hold it if need be."""
    return held.rounded(x) if eight_bit else x


class PostBlock(nn.Module):
    """Residual block on NHWC: 5x5 depth-wise, 1x1 to `hidden` with ReLU, 1x1 back.

    With 8 bits, the trunk and all results are in -1..1.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.expand = nn.Linear(width, hidden)
        self.project = nn.Linear(hidden, width)
        with torch.no_grad():
            self.depthwise.weight.mul_(0.5)
            self.depthwise.weight[:, 0, 2, 2] += 0.7
            self.project.weight.mul_(0.5)

    def mix(self, x: Tensor, eight_bit: bool) -> Tensor:
        layer = self.depthwise
        kernel = weight_of(layer, eight_bit)
        mixed = functional.conv2d(x.permute(0, 3, 1, 2), kernel, layer.bias, padding=2, groups=layer.groups).permute(0, 2, 3, 1)
        return limited(mixed, SIGNED, eight_bit)

    def forward(self, x: Tensor, eight_bit: bool) -> Tensor:
        expand, project = self.expand, self.project
        hidden = functional.relu(functional.linear(self.mix(x, eight_bit), weight_of(expand, eight_bit), expand.bias))
        hidden = limited(hidden, UNSIGNED, eight_bit)
        change = limited(functional.linear(hidden, weight_of(project, eight_bit), project.bias), SIGNED, eight_bit)
        return limited(x + change, SIGNED, eight_bit)


class PostFilter(nn.Module):
    """A post-filter on folded pictures.

    In float, inputs count (sample - 128) / 64 and side / 64, and the head gives changes in eights; in 8 bits, side
    information has the zero of samples, and changes come as they are.
    """

    def __init__(self, shape: PostShape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Linear(PLANES + SIDE_PLANES, shape.width)
        self.blocks = nn.ModuleList(PostBlock(shape.width, shape.hidden) for _ in range(shape.blocks))
        self.head = nn.Linear(shape.width, PLANES)
        self.register_buffer("eight_bit", torch.tensor(False))
        with torch.no_grad():
            without_mean(self.embed.weight)
            self.embed.weight.mul_(4.0)
            self.head.weight.zero_()
            self.head.bias.zero_()

    @classmethod
    def of(cls, weights: dict[str, Tensor]) -> PostFilter:
        """The filter whose `state_dict` this is."""
        hidden, width = weights["blocks.0.expand.weight"].shape
        model = cls(PostShape(width, hidden, sum(name.endswith("expand.bias") for name in weights)))
        model.load_state_dict(weights)
        return model

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
        """Weights from before an input came behind the others ignore it."""
        name = f"{prefix}embed.weight"
        state[name] = functional.pad(state[name], (0, max(0, self.embed.in_features - state[name].shape[1])))
        super()._load_from_state_dict(state, prefix, *rest)

    def forward(self, picture: Tensor, side: Tensor) -> Tensor:
        """The picture in 0..255, before rounding and clipping."""
        eight_bit = bool(self.eight_bit)
        x = self._embedded(picture, side, eight_bit)
        for block in self.blocks:
            x = block(x, eight_bit)
        change = functional.linear(x, weight_of(self.head, eight_bit), self.head.bias)
        return picture + (CHANGE.rounded(change) if eight_bit else 8 * change)

    def _embedded(self, picture: Tensor, side: Tensor, eight_bit: bool) -> Tensor:
        inputs = torch.cat([(picture - 128) / 64, (side - 128 if eight_bit else side) / 64], -1)
        return limited(functional.linear(inputs, weight_of(self.embed, eight_bit), self.embed.bias), SIGNED, eight_bit)

    @torch.no_grad()
    def use_eight_bits(self, picture: Tensor, side: Tensor) -> None:
        """From now on everything has 8 bits.

        Every channel is scaled so that its greatest magnitude on these pictures is 1, and the layers behind it undo
        that (Nagel et al. 2019, "Data-free quantization through weight equalization"): one scale then serves all.
        """
        x = self._embedded(picture, side, False)
        trunk = _most(x)
        for block in self.blocks:
            mixed = block.mix(x, False)
            most = _most(mixed)
            block.depthwise.weight /= most[:, None, None, None]
            block.depthwise.bias /= most
            block.expand.weight *= most
            hidden = functional.relu(block.expand(mixed / most))
            most = _most(hidden)
            block.expand.weight /= most[:, None]
            block.expand.bias /= most
            block.project.weight *= most
            change = block.project(hidden / most)
            x = x + change
            trunk = torch.stack([trunk, _most(change), _most(x)]).amax(0)
        self.embed.weight /= trunk[:, None]
        self.embed.bias /= trunk
        self.embed.bias += self.embed.weight[:, PLANES:].sum(1) * 128 / 64
        self.head.weight *= 8 * trunk
        self.head.bias *= 8
        for block in self.blocks:
            block.depthwise.weight *= trunk[:, None, None, None]
            block.project.weight /= trunk[:, None]
            block.project.bias /= trunk
        self.eight_bit.fill_(True)

    @torch.no_grad()
    def widened(self, hidden: int) -> PostFilter:
        """A float filter with more hidden channels and the same output: what is new starts random and unused (Net2Net,
        Chen et al. 2016). Raises ValueError if this one has as many, or 8-bit layers."""
        if hidden <= self.shape.hidden or self.eight_bit:
            raise ValueError(f"a filter of {self.shape}, 8 bits {bool(self.eight_bit)}, does not grow to {hidden} hidden channels")
        wide = PostFilter(PostShape(self.shape.width, hidden, self.shape.blocks))
        for mine, given in zip(wide.modules(), self.modules(), strict=True):
            if isinstance(given, Layer):
                rows, inputs = given.weight.shape[:2]
                mine.weight[:, inputs:] = 0
                mine.weight[:rows, :inputs] = given.weight
                mine.bias[:rows] = given.bias
        return wide

    def program(self, name: str) -> Program:
        p = Program(name, 1 / 64)
        (self._write_eight_bit if self.eight_bit else self._write_float)(p)
        return p

    def _write_float(self, p: Program) -> None:
        picture, side = picture_inputs(p, -128)
        both = p.combine([p.concat([picture, side])], [1 / 64], floor=False)
        x = p.conv(both, *_half(self.embed))
        for block in self.blocks:
            mixed = p.conv(x, *_half(block.depthwise), groups=self.shape.width)
            hidden = p.combine([p.conv(mixed, *_half(block.expand))], low=0, high=None, floor=False)
            x = p.combine([x, p.conv(hidden, *_half(block.project))], floor=False)
        change = p.conv(x, *_half(self.head))
        # Half a step rounds to nearest when the cast cuts the fraction.
        picture_outputs(p, p.combine([picture, change], [1, 8], offset=128.5, low=0, high=255, floor=True))

    def _write_eight_bit(self, p: Program) -> None:
        def layer(x: str, layer: Layer, held: Bytes, groups: int = 1) -> str:
            steps = steps_of(layer).numpy()
            weight = np.round(_kernel(weight_of(layer, True)) / steps[:, None, None, None]).astype(np.int8)
            sums = p.conv(x, weight, layer.bias.detach().numpy(), groups, scales=steps)
            return p.bytes(sums, held.scale, held.zero)

        picture, side = byte_inputs(p)
        x = layer(p.from_bytes(p.concat([picture, side]), INPUT.scale, INPUT.zero), self.embed, SIGNED)
        for block in self.blocks:
            mixed = layer(x, block.depthwise, SIGNED, self.shape.width)
            change = layer(layer(mixed, block.expand, UNSIGNED), block.project, SIGNED)
            x = p.bytes(p.combine([x, change], floor=False), SIGNED.scale, SIGNED.zero)
        change = layer(x, self.head, CHANGE)
        changed = p.combine([p.from_bytes(picture, SAMPLE.scale, SAMPLE.zero), change], floor=False)
        picture_outputs(p, p.to_bytes(changed, SAMPLE.scale, SAMPLE.zero))


def _half(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    return _kernel(layer.weight).astype(np.float16), layer.bias.detach().numpy().astype(np.float16)


def _kernel(weight: Tensor) -> np.ndarray:
    """A weight with the four dimensions of a convolution's."""
    return weight.detach().numpy().reshape(*weight.shape[:2], *weight.shape[2:] or (1, 1))


def _most(x: Tensor) -> Tensor:
    """Greatest magnitude of each channel."""
    return x.abs().amax((0, 1, 2)).clamp_min(1e-3)
