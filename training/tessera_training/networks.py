"""The pack's networks: exact prior and loop filter, float post-filters; each also written as a `Program`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .exact import ExactConv, RoundClip, floor_clip, identity_depthwise
from .program import Program
from .tables import TOKENS

BLOCK_FIELDS, AROUND_FIELDS, SIDE_PLANES = 32, 48, 6
WIDE = 1023  # limit of the prior's trunk
BROAD = 2047  # limit of the loop filter's trunk
PLANES = 96  # 8x8 luma and two 4x4 chroma samples of an 8x8 block


@dataclass(frozen=True)
class NetworkShape:
    """Widths and depths of a pack's networks."""

    prior_width: int = 128
    prior_hidden: int = 192
    prior_blocks: int = 2
    loop_width: int = 64
    loop_hidden: int = 96
    loop_blocks: int = 2
    post_width: int = 112
    post_hidden: int = 160
    post_blocks: int = 4

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


class ExactBlock(nn.Module):
    """Residual block: 3x3 depth-wise, 1x1 to `hidden` with ReLU, 1x1 back."""

    def __init__(self, width: int, hidden: int, wide: int, hidden_high: int, limits: tuple[int, int]) -> None:
        super().__init__()
        self.wide, self.hidden_high = wide, hidden_high
        self.depthwise = ExactConv(width, width, 3, width, scale=64)
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


class RowBlock(nn.Module):
    """Residual block on rows: to `hidden` with ReLU and back."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.expand = ExactConv(width, hidden, limit=16000, gain=1.4)
        self.project = ExactConv(hidden, width, gain=0.3)

    def forward(self, x: Tensor) -> Tensor:
        hidden = floor_clip(self.expand(x, 7), 0, 255)
        change = floor_clip(self.project(hidden, 7), -WIDE, WIDE)
        return floor_clip(x + change, -WIDE, WIDE)

    def write(self, p: Program, x: str) -> str:
        hidden = p.combine([p.conv(x, *self.expand.arrays())], shift=7, low=0, high=255)
        change = p.combine([p.conv(hidden, *self.project.arrays())], shift=7, low=-WIDE, high=WIDE)
        return p.combine([x, change], low=-WIDE, high=WIDE)


class Scales(nn.Module):
    """Per channel a whole number of 1/64 for each of several inputs; sums stay integers."""

    def __init__(self, inputs: int, start: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((inputs, TOKENS), start))

    def integers(self) -> Tensor:
        return RoundClip.apply(self.weight, 64.0, 127.0)

    def forward(self, parts: Tensor, shift: int) -> Tensor:
        """`parts` [N, inputs, 384]; sums times 2^-shift."""
        return (parts * (self.integers() * 2.0**-shift)).sum(1)

    def array(self) -> np.ndarray:
        with torch.no_grad():
            return self.integers().numpy().astype(np.int8)


class Prior(nn.Module):
    """Both graphs of the prior (section 9), on rows: one per coded macroblock, uint8 held in float32.

    Scales leave prior-first in steps of 1/8 (`fine`, 0..255) as features too, so that prior-second only corrects them.
    """

    FINE = 8

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        width, hidden = shape.prior_width, shape.prior_hidden
        self.width = width
        self.embed = ExactConv(BLOCK_FIELDS + AROUND_FIELDS + TOKENS, width)
        self.first = nn.ModuleList(RowBlock(width, hidden) for _ in range(shape.prior_blocks))
        self.head_first = ExactConv(width, TOKENS, gain=0.0)
        self.memory_skip = Scales(1, 56 / 64)
        self.mix = ExactConv(2 * TOKENS, width)
        self.second = nn.ModuleList(RowBlock(width, hidden) for _ in range(shape.prior_blocks))
        self.head_second = ExactConv(width, TOKENS, gain=0.0)
        self.token_skip = Scales(4, 12 / 64)
        with torch.no_grad():
            # Sum units of the head: 512 per scale step (shift 6 to 1/8 step); a bias latent counts 8192.
            self.head_first.bias.copy_(default_scale() * 512 / 8192)

    def run_first(self, block: Tensor, around: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """features [N, F] and fine scale [N, 384], integers 0..255."""
        x = floor_clip(self.embed(torch.cat([block, around, memory], -1), 7), -WIDE, WIDE)
        for layer in self.first:
            x = layer(x)
        features = floor_clip(x * 0.5 + 128, 0, 255)
        sums = self.head_first(features - 128, 6) + self.memory_skip(memory[:, None], 5)
        return features, floor_clip(sums, 0, 255, free=True)

    def run_second(self, features: Tensor, fine: Tensor, neighbours: Tensor) -> Tensor:
        """fine scale [N, 384]; `neighbours` [N, 4, 384] are token codes of left, above, right, below."""
        left, above, right, below = neighbours.unbind(1)
        mixed = floor_clip(self.mix(torch.cat([left + right, above + below], -1), 7), -WIDE, WIDE)
        x = floor_clip(torch.add(mixed - 256, features, alpha=2), -WIDE, WIDE)
        for layer in self.second:
            x = layer(x)
        own = floor_clip(x * 0.5, -128, 127)
        return floor_clip(self.head_second(own, 6) + self.token_skip(neighbours, 5) + fine, 0, 255, free=True)

    def programs(self) -> tuple[Program, Program]:
        p = Program("prior-first", 1 / 256)
        block = p.input("block", BLOCK_FIELDS, "count", "")
        around = p.input("around", AROUND_FIELDS, "count", "")
        memory = p.input("memory", TOKENS, "count", "")
        x = p.combine([p.conv(p.concat([block, around, memory]), *self.embed.arrays())], shift=7, low=-WIDE, high=WIDE)
        for layer in self.first:
            x = layer.write(p, x)
        features = p.combine([x], offset=256, shift=1, low=0, high=255)
        head = p.conv(p.combine([features], offset=-128), *self.head_first.arrays())
        skip = p.weigh([memory], self.memory_skip.array())
        fine = p.combine([head, skip], [1, 2], shift=6, low=0, high=255)
        p.output("features", p.concat([features, fine]), self.width + TOKENS, "count", "")
        p.output("scale", p.combine([fine], shift=3, low=0, high=31), TOKENS, "count", "")

        s = Program("prior-second", 1 / 512)
        both = s.input("features", self.width + TOKENS, "count", "")
        neighbours = s.input("neighbours", 4 * TOKENS, "count", "")
        features, fine = s.slice(both, 0, self.width), s.slice(both, self.width, self.width + TOKENS)
        sides = [s.slice(neighbours, i * TOKENS, (i + 1) * TOKENS) for i in range(4)]
        pairs = s.concat([s.combine([sides[a], sides[a + 2]], low=0, high=128) for a in range(2)])
        mixed = s.combine([s.conv(pairs, *self.mix.arrays())], shift=7, low=-WIDE, high=WIDE)
        x = s.combine([features, mixed], [2, 1], offset=-256, low=-WIDE, high=WIDE)
        for layer in self.second:
            x = layer.write(s, x)
        head = s.conv(s.combine([x], shift=1, low=-128, high=127), *self.head_second.arrays())
        skip = s.weigh(sides, self.token_skip.array())
        scale = s.combine([head, skip, fine], [1, 2, 64], shift=9, low=0, high=31)
        s.output("scale", scale, TOKENS, "count", "")
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


def _picture_outputs(p: Program, x: str, suffix: str = "") -> None:
    p.output("filteredY", p.slice(x, 0, 64), 1, f"height{suffix}", f"width{suffix}", 8)
    p.output("filteredU", p.slice(x, 64, 80), 1, f"halfHeight{suffix}", f"halfWidth{suffix}", 4)
    p.output("filteredV", p.slice(x, 80, 96), 1, f"halfHeight{suffix}", f"halfWidth{suffix}", 4)


class LoopFilter(nn.Module):
    """The exact loop filter on folded regions [N, 10, 10, 96] and side information [.., 6].

    A region is 64x64 luma samples with 8 more around it; beyond those the network sees zeros, here as in the graph.
    """

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
        # 10x10 positions are evaluated for 64x64 samples.
        p = Program("loop-filter", 100 / 4096, "regions")
        picture, side = _picture_inputs(p, -128)
        x = p.combine([p.conv(p.concat([picture, side]), *self.embed.arrays())], shift=4, low=-BROAD, high=BROAD)
        for block in self.blocks:
            x = block.write(p, x)
        change = p.combine([p.conv(p.trim(x, 1), *self.head.arrays())], offset=512, shift=10, low=-255, high=255)
        _picture_outputs(p, p.combine([p.trim(picture, 1), change], offset=128, low=0, high=255), "Out")
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
