"""The pack's exact networks, prior and loop filter, each also written as a `Program`; and all that a pack has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .exact import ExactConv, RoundClip, floor_clip, identity_depthwise
from .folded import PICTURE_PLANES, SIDE_PLANES, without_mean
from .post_network import PostFilter, PostShape
from .program import Program
from .tables import TOKENS

BLOCK_FIELDS, AROUND_FIELDS = 32, 48
# Inputs of prior-first that say that a block is 32x32 or 64x64.
SIZE_INPUTS = slice(29, 31)
WIDE = 1023  # limit of the prior's trunk
BROAD = 2047  # limit of the loop filter's trunk


@dataclass(frozen=True)
class NetworkShape:
    """Widths and depths of a pack's networks."""

    prior_width: int = 128
    prior_hidden: int = 192
    prior_blocks: int = 2
    loop_width: int = 48
    loop_hidden: int = 32
    loop_blocks: int = 2
    post: PostShape = PostShape(112, 160, 4)


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


CELL = 24  # 4x4 luma and two 2x2 chroma samples


def _cells(plane: Tensor, block: int) -> Tensor:
    """A plane [N, h, w] as [N, h / block, w / block, block^2]."""
    n, h, w = plane.shape
    squares = plane.reshape(n, h // block, block, w // block, block).permute(0, 1, 3, 2, 4)
    return squares.reshape(n, h // block, w // block, block * block)


def _spread(cells: Tensor, block: int) -> Tensor:
    """Channels (position in the square, channel) spread over squares: [N, h, w, block^2 C] to [N, block h, block w, C]."""
    n, h, w, c = cells.shape
    squares = cells.reshape(n, h, w, block, block, c // block**2).permute(0, 1, 3, 2, 4, 5)
    return squares.reshape(n, h * block, w * block, c // block**2)


class LoopFilter(nn.Module):
    """The exact loop filter on regions: 64x64 luma samples and 8 more around them, in cells of 4x4 luma samples.

    Cells lie two samples off the grid of blocks, so that every edge between blocks runs through the middle of cells:
    the first layer sees both of its sides. The side information of the blocks a cell touches, left above and right
    below, enters with weights of its own for each of the four places a cell can have in a block.
    """

    OFF = 2  # luma samples from a region's corner to the first cell
    ACROSS = 19  # cells across a region with its surroundings

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        width, hidden = shape.loop_width, shape.loop_hidden
        self.width = width
        self.embed = ExactConv(CELL, width, scale=64, gain=1.7)
        self.before = ExactConv(SIDE_PLANES, 4 * width, scale=64, gain=0.5)
        self.after = ExactConv(SIDE_PLANES, 4 * width, scale=64, gain=0.5)
        self.blocks = nn.ModuleList(ExactBlock(width, hidden, BROAD, 1023, (16000, 15500)) for _ in range(shape.loop_blocks))
        # Steps of 1/512: with coarser ones a single step in all weights moves samples by more than an error's size.
        self.head = ExactConv(width, CELL, gain=0.0, scale=512, limit=7800)
        with torch.no_grad():
            without_mean(self.embed.weight[:, :, 0, 0], (0, 16, 20, 24))

    def residual(self, y: Tensor, u: Tensor, v: Tensor, side: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is added to each sample of the regions: integers [N, 64, 64] and twice [N, 32, 32].

        `y` [N, 80, 80], `u`, `v` [N, 40, 40] in 0..255, `side` [N, 10, 10, 6].
        """
        off, half = self.OFF, self.OFF // 2
        planes = ((y, off, 4), (u, half, 2), (v, half, 2))
        cells = torch.cat([_cells(plane[:, o:-o, o:-o] - 128, block) for plane, o, block in planes], -1)
        sides = _spread(self.before(side, 5), 2)[:, :-1, :-1] + _spread(self.after(side, 5), 2)[:, 1:, 1:]
        x = floor_clip(self.embed(cells, 5) + sides, -BROAD, BROAD)
        for block in self.blocks:
            x = block(x)
        change = floor_clip(self.head(x[:, 1:-1, 1:-1], 13) + 0.5, -255, 255)
        parts = ((change[..., :16], 4), (change[..., 16:20], 2), (change[..., 20:], 2))
        results = []
        for part, block in parts:
            plane = _spread(part, block)[..., 0]
            edge = block // 2
            results.append(plane[:, edge:-edge, edge:-edge])
        return results[0], results[1], results[2]

    def forward(self, y: Tensor, u: Tensor, v: Tensor, side: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The filtered regions, arguments as for `residual`."""
        changes = self.residual(y, u, v, side)
        results = [
            floor_clip(plane[:, edge:-edge, edge:-edge] + change, 0, 255) for plane, change, edge in zip((y, u, v), changes, (8, 4, 4))
        ]
        return results[0], results[1], results[2]

    def taps(self) -> tuple[np.ndarray, np.ndarray]:
        """`before` and `after` as one `spread`: weight int32 [6, width, 3, 3] and bias [width, 3, 3]."""
        total = np.zeros((SIDE_PLANES + 1, self.width, 3, 3), np.int32)
        for layer, first in ((self.before, 1), (self.after, 0)):
            weight, bias = (array.reshape(2, 2, self.width, -1).astype(np.int32) for array in layer.arrays())
            total[:, :, first : first + 2, first : first + 2] += np.concatenate([weight, bias], -1).transpose(3, 2, 0, 1)
        return total[:-1], total[-1]

    def program(self) -> Program:
        area = 64 * 64
        p = Program("loop-filter", self.ACROSS**2 / area, "regions")
        planes = [p.input(name, 1, height, width, -128) for name, height, width in PICTURE_PLANES]
        side = p.input("side", SIDE_PLANES, "blockRows", "blockColumns")
        blocks = (4, 2, 2)
        cells = p.concat([p.fold(p.trim(plane, block // 2), block) for plane, block in zip(planes, blocks)])
        sides = p.spread(side, *self.taps(), positions=100 / area)
        x = p.combine([p.conv(cells, *self.embed.arrays()), sides], shift=5, low=-BROAD, high=BROAD)
        for block in self.blocks:
            x = block.write(p, x)
        head = p.conv(p.trim(x, 1), *self.head.arrays(), positions=(self.ACROSS - 2) ** 2 / area)
        change = p.combine([head], offset=2**12, shift=13, low=-255, high=255)
        parts = [p.slice(change, 0, 16), p.slice(change, 16, 20), p.slice(change, 20, 24)]
        for plane, part, block, name in zip(planes, parts, blocks, ("Y", "U", "V")):
            added = p.trim(p.unfold(part, block), block // 2)
            result = p.combine([p.trim(plane, 2 * block), added], offset=128, low=0, high=255)
            height, width = ("height", "width") if name == "Y" else ("halfHeight", "halfWidth")
            p.output(f"filtered{name}", result, 1, f"{height}Out", f"{width}Out")
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
        return cls(shape, Prior(shape), LoopFilter(shape), PostFilter(shape.post), PostFilter(shape.post))

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
