"""The pack's networks: exact prior and loop filter, float post-filters; each also written as a `Program`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .exact import ExactConv, floor_clip, identity_depthwise
from .program import Program
from .tables import TOKENS

CONTEXT_PLANES, SIDE_PLANES = 32, 6
WIDE = 1023  # limit of the prior's trunk
BROAD = 2047  # limit of the loop filter's trunk
PLANES = 96  # 8x8 luma and two 4x4 chroma samples of an 8x8 block


@dataclass(frozen=True)
class NetworkShape:
    """Widths and depths of a pack's networks."""

    prior_width: int = 128
    prior_hidden: int = 192
    prior_blocks: int = 2
    loop_width: int = 96
    loop_hidden: int = 160
    loop_blocks: int = 3
    post_width: int = 128
    post_hidden: int = 208
    post_blocks: int = 4

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


class ExactBlock(nn.Module):
    """Residual block: 5x5 depth-wise, 1x1 to `hidden` with ReLU, 1x1 back."""

    def __init__(self, width: int, hidden: int, wide: int, hidden_high: int, limits: tuple[int, int]) -> None:
        super().__init__()
        self.wide, self.hidden_high = wide, hidden_high
        self.depthwise = ExactConv(width, width, 5, width, scale=64)
        identity_depthwise(self.depthwise)
        self.expand = ExactConv(width, hidden, limit=limits[0], gain=1.4)
        self.project = ExactConv(hidden, width, limit=limits[1], gain=0.3)

    def forward(self, x: Tensor) -> Tensor:
        mixed = floor_clip(self.depthwise(x, 6), -1023, 1023)
        hidden = floor_clip(self.expand(mixed, 7), 0, self.hidden_high)
        change = floor_clip(self.project(hidden, 7), -self.wide, self.wide)
        return floor_clip(x + change, -self.wide, self.wide)

    def write(self, p: Program, x: str) -> str:
        mixed = p.combine([p.conv(x, *self.depthwise.arrays(), groups=self.depthwise.groups)], shift=6, low=-1023, high=1023)
        hidden = p.combine([p.conv(mixed, *self.expand.arrays())], shift=7, low=0, high=self.hidden_high)
        change = p.combine([p.conv(hidden, *self.project.arrays())], shift=7, low=-self.wide, high=self.wide)
        return p.combine([x, change], low=-self.wide, high=self.wide)


def default_scale() -> Tensor:
    """Scale index of each token before anything is known: falls with frequency."""
    luma = 17.5 - 2.6 * torch.log2(1 + torch.arange(256) / 2.0)
    chroma = 14.0 - 2.8 * torch.log2(1 + torch.arange(128) / 2.0)
    return torch.cat([luma, chroma]).clamp_min(1.0)


class Prior(nn.Module):
    """Both graphs of the prior (section 9), on NHWC uint8 grids held in float32.

    Scales leave prior-first in steps of 1/8 (`fine`, 0..255) as features too, so that prior-second only corrects them.
    """

    FINE = 8

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        width, hidden = shape.prior_width, shape.prior_hidden
        self.width = width
        limits = (16000, 0)
        self.embed = ExactConv(CONTEXT_PLANES + TOKENS, width)
        self.first = nn.ModuleList(ExactBlock(width, hidden, WIDE, 255, limits) for _ in range(shape.prior_blocks))
        self.head_first = ExactConv(width, TOKENS, gain=0.0)
        self.memory_skip = ExactConv(TOKENS, TOKENS, 3, TOKENS, scale=64)
        self.near = ExactConv(TOKENS, TOKENS, 3, TOKENS, scale=64)
        self.mix = ExactConv(TOKENS, width)
        self.second = nn.ModuleList(ExactBlock(width, hidden, WIDE, 255, limits) for _ in range(shape.prior_blocks))
        self.head_second = ExactConv(width, TOKENS, gain=0.0)
        self.token_skip = ExactConv(TOKENS, TOKENS, 3, TOKENS, scale=64)
        with torch.no_grad():
            # Sum units of the head: 512 per scale step (shift 6 to 1/8 step); a bias latent counts 8192.
            self.head_first.bias.copy_(default_scale() * 512 / 8192)
            self.memory_skip.weight.zero_()
            self.memory_skip.weight[:, 0] += torch.tensor([[2, 4, 2], [4, 32, 4], [2, 4, 2]]) / 64
            self.near.weight.mul_(0.3)
            self.near.weight += 0.35
            self.token_skip.weight.zero_()
            self.token_skip.weight[:, 0] += torch.tensor([[2, 12, 2], [12, 0, 12], [2, 12, 2]]) / 64

    def run_first(self, context: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """features [.., F] and fine scale [.., 384], integers 0..255."""
        x = floor_clip(self.embed(torch.cat([context, memory], -1), 7), -WIDE, WIDE)
        for block in self.first:
            x = block(x)
        features = floor_clip(x * 0.5 + 128, 0, 255)
        sums = self.head_first(features - 128, 6) + self.memory_skip(memory, 5)
        return features, floor_clip(sums, 0, 255, free=True)

    def run_second(self, features: Tensor, fine: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
        """fine scale [len(chosen), 384] of the flat positions `chosen` (those of pass 1).

        `tokens` are codes, zero outside pass 0.
        """
        near = floor_clip(self.near(tokens, 6), 0, 255)
        mixed = floor_clip(self.mix(near, 7), -WIDE, WIDE)
        x = floor_clip(torch.add(mixed - 256, features, alpha=2), -WIDE, WIDE)
        for block in self.second:
            x = block(x)
        own = floor_clip(x.reshape(-1, self.width)[chosen] * 0.5, -128, 127)
        base = (self.token_skip(tokens, 5) + fine).reshape(-1, TOKENS)[chosen]
        return floor_clip(self.head_second(own, 6) + base, 0, 255, free=True)

    def programs(self) -> tuple[Program, Program]:
        p = Program("prior-first", 1 / 256)
        context = p.input("context", CONTEXT_PLANES, "rows", "columns")
        memory = p.input("memory", TOKENS, "rows", "columns")
        x = p.combine([p.conv(p.concat([context, memory]), *self.embed.arrays())], shift=7, low=-WIDE, high=WIDE)
        for block in self.first:
            x = block.write(p, x)
        features = p.combine([x], offset=256, shift=1, low=0, high=255)
        head = p.conv(p.combine([features], offset=-128), *self.head_first.arrays())
        skip = p.conv(memory, *self.memory_skip.arrays(), groups=TOKENS)
        fine = p.combine([head, skip], [1, 2], shift=6, low=0, high=255)
        p.output("features", p.concat([features, fine]), self.width + TOKENS, "rows", "columns")
        p.output("scale", p.combine([fine], shift=3, low=0, high=31), TOKENS, "rows", "columns")

        s = Program("prior-second", 1 / 256)
        both = s.input("features", self.width + TOKENS, "rows", "columns")
        tokens = s.input("tokens", TOKENS, "rows", "columns")
        features, fine = s.slice(both, 0, self.width), s.slice(both, self.width, self.width + TOKENS)
        near = s.combine([s.conv(tokens, *self.near.arrays(), groups=TOKENS)], shift=6, low=0, high=255)
        mixed = s.combine([s.conv(near, *self.mix.arrays())], shift=7, low=-WIDE, high=WIDE)
        x = s.combine([features, mixed], [2, 1], offset=-256, low=-WIDE, high=WIDE)
        for block in self.second:
            x = block.write(s, x)
        head = s.conv(s.combine([x], shift=1, low=-128, high=127), *self.head_second.arrays())
        skip = s.conv(tokens, *self.token_skip.arrays(), groups=TOKENS)
        scale = s.combine([head, skip, fine], [1, 2, 64], shift=9, low=0, high=31)
        s.output("scale", scale, TOKENS, "rows", "columns")
        return p, s


def fold(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Planes [N, h, w] (chroma half size) to NHWC blocks [N, h / 8, w / 8, 96]."""

    def one(plane: Tensor, block: int) -> Tensor:
        n, h, w = plane.shape
        cells = plane.reshape(n, h // block, block, w // block, block).permute(0, 1, 3, 2, 4)
        return cells.reshape(n, h // block, w // block, block * block)

    return torch.cat([one(y, 8), one(u, 4), one(v, 4)], -1)


def unfold(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The inverse of `fold`."""

    def one(cells: Tensor, block: int) -> Tensor:
        n, h, w, _ = cells.shape
        return cells.reshape(n, h, w, block, block).permute(0, 1, 3, 2, 4).reshape(n, h * block, w * block)

    return one(x[..., :64], 8), one(x[..., 64:80], 4), one(x[..., 80:], 4)


def _without_mean(weight: Tensor) -> None:
    """Most features start blind to brightness: each plane's part of a row loses its mean."""
    quarter = len(weight) // 8
    for start, end in ((0, 64), (64, 80), (80, 96)):
        weight[quarter:, start:end] -= weight[quarter:, start:end].mean(1, keepdim=True)
    weight[:quarter, :PLANES] *= 0.25


def _picture_inputs(p: Program, offset: int) -> tuple[str, str]:
    planes = [
        p.input("y", 1, "height", "width", offset, 8),
        p.input("u", 1, "halfHeight", "halfWidth", offset, 4),
        p.input("v", 1, "halfHeight", "halfWidth", offset, 4),
    ]
    return p.concat(planes), p.input("side", SIDE_PLANES, "blockRows", "blockColumns")


def _picture_outputs(p: Program, x: str) -> None:
    p.output("filteredY", p.slice(x, 0, 64), 1, "height", "width", 8)
    p.output("filteredU", p.slice(x, 64, 80), 1, "halfHeight", "halfWidth", 4)
    p.output("filteredV", p.slice(x, 80, 96), 1, "halfHeight", "halfWidth", 4)


class LoopFilter(nn.Module):
    """The exact loop filter on folded pictures [N, h / 8, w / 8, 96] and side information [.., 6]."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        width, hidden = shape.loop_width, shape.loop_hidden
        self.embed = ExactConv(PLANES + SIDE_PLANES, width)
        self.blocks = nn.ModuleList(ExactBlock(width, hidden, BROAD, 1023, (16000, 15500)) for _ in range(shape.loop_blocks))
        self.head = ExactConv(width, PLANES, gain=0.0, limit=7800)
        with torch.no_grad():
            _without_mean(self.embed.weight[:, :, 0, 0])

    def residual(self, picture: Tensor, side: Tensor) -> Tensor:
        """What is added to each sample, integers."""
        x = floor_clip(self.embed(torch.cat([picture - 128, side], -1), 4), -BROAD, BROAD)
        for block in self.blocks:
            x = block(x)
        return floor_clip(self.head(x, 10) + 0.5, -255, 255)

    def forward(self, picture: Tensor, side: Tensor) -> Tensor:
        return floor_clip(picture + self.residual(picture, side), 0, 255)

    def program(self) -> Program:
        p = Program("loop-filter", 1 / 64)
        picture, side = _picture_inputs(p, -128)
        x = p.combine([p.conv(p.concat([picture, side]), *self.embed.arrays())], shift=4, low=-BROAD, high=BROAD)
        for block in self.blocks:
            x = block.write(p, x)
        change = p.combine([p.conv(x, *self.head.arrays())], offset=512, shift=10, low=-255, high=255)
        _picture_outputs(p, p.combine([picture, change], offset=128, low=0, high=255))
        return p


class PostBlock(nn.Module):
    """Float residual block on NHWC."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.expand = nn.Linear(width, hidden)
        self.project = nn.Linear(hidden, width)
        with torch.no_grad():
            self.depthwise.weight.mul_(0.5)
            self.depthwise.weight[:, 0, 2, 2] += 0.7
            self.project.weight.mul_(0.5)

    def forward(self, x: Tensor) -> Tensor:
        mixed = self.depthwise(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x + self.project(functional.relu(self.expand(mixed)))


def _half(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    weight = layer.weight.detach().numpy()
    if weight.ndim == 2:
        weight = weight[:, :, None, None]
    return weight.astype(np.float16), layer.bias.detach().numpy().astype(np.float16)


class PostFilter(nn.Module):
    """A float post-filter on folded pictures; inputs count (sample - 128) / 64 and side / 64."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        width = shape.post_width
        self.embed = nn.Linear(PLANES + SIDE_PLANES, width)
        self.blocks = nn.ModuleList(PostBlock(width, shape.post_hidden) for _ in range(shape.post_blocks))
        self.head = nn.Linear(width, PLANES)
        with torch.no_grad():
            _without_mean(self.embed.weight)
            self.embed.weight.mul_(4.0)
            self.head.weight.zero_()
            self.head.bias.zero_()

    def forward(self, picture: Tensor, side: Tensor) -> Tensor:
        """The picture in 0..255, before rounding and clipping."""
        x = self.embed(torch.cat([(picture - 128) / 64, side / 64], -1))
        for block in self.blocks:
            x = block(x)
        return picture + 8 * self.head(x)

    def program(self, name: str) -> Program:
        p = Program(name, 1 / 64)
        picture, side = _picture_inputs(p, -128)
        both = p.combine([p.concat([picture, side])], [1 / 64], floor=False)
        x = p.conv(both, *_half(self.embed))
        for block in self.blocks:
            mixed = p.conv(x, *_half(block.depthwise), groups=block.depthwise.groups)
            hidden = p.combine([p.conv(mixed, *_half(block.expand))], low=0, high=None, floor=False)
            x = p.combine([x, p.conv(hidden, *_half(block.project))], floor=False)
        change = p.conv(x, *_half(self.head))
        # Half a step rounds to nearest when the cast cuts the fraction.
        _picture_outputs(p, p.combine([picture, change], [1, 8], offset=128.5, low=0, high=255, floor=True))
        return p


@dataclass
class Networks:
    """All networks of a pack."""

    shape: NetworkShape
    prior: Prior
    loop_filter: LoopFilter
    post_psnr: PostFilter
    post_lpips: PostFilter

    @classmethod
    def create(cls, shape: NetworkShape, seed: int) -> Networks:
        torch.manual_seed(seed)
        return cls(shape, Prior(shape), LoopFilter(shape), PostFilter(shape), PostFilter(shape))

    def modules(self) -> dict[str, nn.Module]:
        return {
            "prior": self.prior,
            "loop-filter": self.loop_filter,
            "post-filter-psnr": self.post_psnr,
            "post-filter-lpips": self.post_lpips,
        }

    def programs(self) -> dict[str, Program]:
        first, second = self.prior.programs()
        return {
            "prior-first": first,
            "prior-second": second,
            "loop-filter": self.loop_filter.program(),
            "post-filter-psnr": self.post_psnr.program("post-filter-psnr"),
            "post-filter-lpips": self.post_lpips.program("post-filter-lpips"),
        }
