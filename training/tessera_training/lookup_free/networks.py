"""The lookup-free tokenizer's networks: causal in time, binary tokens, all at an eighth of the luma resolution.

A video is coded token frame by token frame. Both networks see the *state*: what the decoder holds after the token frame
before, which is its last features and the last picture that it showed. So the encoder knows what the decoder lacks, and
18 bits per 8x8 cell go into that. Principles: Yu et al. 2024, "Language Model Beats Diffusion: Tokenizer is Key to Visual
Generation" (MAGVIT-v2), section 3: causal in time, q(z) = sign(z), no codebook. Sizes are for two CPU cores.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 18  # bits of a token
GROUP = 4  # frames of a token frame, but for the first one of a chunk
SAMPLES = 96  # 8x8 luma and two 4x4 chroma samples of a cell


@dataclass(frozen=True)
class TokenizerShape:
    """Widths and depths of the two networks."""

    width: int = 256
    hidden: int = 192
    encoder_blocks: int = 5
    decoder_blocks: int = 6

    def to_dict(self) -> dict[str, int]:
        return asdict(self)

    @property
    def state_channels(self) -> int:
        """Features and the last picture."""
        return self.width + SAMPLES


class Block(nn.Module):
    """Residual block: 3x3 convolution to `hidden`, leaky ReLU, 1x1 back."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, hidden, 3, padding=1)
        self.back = nn.Conv2d(hidden, width, 1)
        nn.init.kaiming_normal_(self.mix.weight, a=0.1)
        nn.init.normal_(self.back.weight, std=0.4 / hidden**0.5)
        nn.init.zeros_(self.mix.bias)
        nn.init.zeros_(self.back.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.back(functional.leaky_relu(self.mix(x), 0.1))


def cosine_basis(size: int) -> Tensor:
    """Orthonormal DCT-II [size, size], one row per frequency."""
    k = torch.arange(size).float()
    rows = torch.cos(torch.pi / size * (k[None] + 0.5) * k[:, None])
    rows[0] *= 0.5**0.5
    return rows * (2 / size) ** 0.5


def group_basis() -> Tensor:
    """Orthonormal 3-D transform [384, 384] of a cell's samples in four frames, lowest frequencies first.

    Columns are (frame, sample); luma's frequencies are 8x8x4, chroma's 4x4x4. Chroma's stand where luma's of as many
    waves per picture do, but a little behind.
    """
    rows, order = [], []
    time = cosine_basis(GROUP)
    start = 0
    for size in (8, 4, 4):
        space = cosine_basis(size)
        for t in range(GROUP):
            for a in range(size):
                for b in range(size):
                    row = torch.zeros(GROUP, SAMPLES)
                    pattern = torch.outer(space[a], space[b]).reshape(-1)
                    row[:, start : start + size * size] = time[t][:, None] * pattern
                    rows.append(row.reshape(-1))
                    # Motion makes temporal frequency cost as much as three spatial steps.
                    order.append((a * a + b * b) * (8 / size) ** 2 + 9 * t * t + (0 if size == 8 else 2))
        start += size * size
    ranked = sorted(range(len(order)), key=lambda i: order[i])
    return torch.stack([rows[i] for i in ranked])


def channel_mask(n: Tensor) -> Tensor:
    """[N, 18] of numbers of channels in use [N]: 1 for the first n, 0 for the others."""
    return (torch.arange(CHANNELS, device=n.device) < n[:, None]).float()


class Signs(torch.autograd.Function):
    """sign(z) with zero as +1; the gradient passes where |z| < 2."""

    @staticmethod
    def forward(ctx, z: Tensor) -> Tensor:
        ctx.save_for_backward(z)
        return torch.where(z < 0, -1.0, 1.0).to(z.dtype)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        (z,) = ctx.saved_tensors
        return gradient * (z.abs() < 2)


def steady(features: Tensor) -> Tensor:
    """Features brought to unit mean square per cell, so that they do not grow with the length of the video."""
    return features * torch.rsqrt(features.square().mean(1, keepdim=True) + 1e-4)


class TokenEncoder(nn.Module):
    """Frames and state to what the signs are taken of."""

    def __init__(self, shape: TokenizerShape) -> None:
        super().__init__()
        width = shape.width
        self.frames = nn.Conv2d(GROUP * SAMPLES, width, 1)
        self.last = nn.Conv2d(SAMPLES, width, 1)
        self.features = nn.Conv2d(width, width, 1)
        self.channels = nn.Linear(CHANNELS, width)
        self.blocks = nn.Sequential(*(Block(width, shape.hidden) for _ in range(shape.encoder_blocks)))
        self.head = nn.Conv2d(width, CHANNELS, 3, padding=1)
        with torch.no_grad():
            basis = group_basis()[:width]
            self.frames.weight[: len(basis), :, 0, 0] = basis
            # What is new against the last picture, by the same transform.
            self.last.weight[:, :, 0, 0] = -self.frames.weight[:, :, 0, 0].reshape(width, GROUP, SAMPLES).sum(1) * 0.5
            self.features.weight.mul_(0.3)
            for layer in (self.frames, self.last, self.features):
                layer.bias.zero_()

    def forward(self, frames: Tensor, state: Tensor, channels: Tensor) -> Tensor:
        """z [N, 18, h, w] of `frames` [N, 384, h, w] (about -1..1), state [N, S, h, w], channels [N, 18] in 0, 1."""
        features, last = state[:, :-SAMPLES], state[:, -SAMPLES:]
        x = self.frames(frames) + self.last(last) + self.features(features) + self.channels(channels)[:, :, None, None]
        return self.head(self.blocks(x))


class TokenDecoder(nn.Module):
    """Tokens and state to four pictures and the next state."""

    def __init__(self, shape: TokenizerShape) -> None:
        super().__init__()
        width = shape.width
        self.tokens = nn.Conv2d(CHANNELS, width, 3, padding=1)
        self.last = nn.Conv2d(SAMPLES, width, 1)
        self.features = nn.Conv2d(width, width, 1)
        self.channels = nn.Linear(CHANNELS, width)
        self.blocks = nn.Sequential(*(Block(width, shape.hidden) for _ in range(shape.decoder_blocks)))
        self.head = nn.Conv2d(width, GROUP * SAMPLES, 3, padding=1)
        # How much of the last picture each sample keeps, before sigmoid: less than all, so that old errors fade.
        self.kept = nn.Parameter(torch.full((GROUP * SAMPLES,), 2.5))
        with torch.no_grad():
            basis = group_basis()[:width]
            self.head.weight.mul_(0.1)
            self.head.weight[:, : len(basis), 1, 1] = basis.T * 0.3
            self.head.bias.zero_()
            self.last.weight[: len(basis), :, 0, 0] = basis.reshape(-1, GROUP, SAMPLES).sum(1) * 0.2
            for layer in (self.last, self.features):
                layer.bias.zero_()

    def keep(self) -> Tensor:
        """Share [384] of the last picture that stays."""
        return self.kept.sigmoid()

    def forward(self, tokens: Tensor, state: Tensor, channels: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures [N, 384, h, w] and the next state [N, S, h, w]; `tokens` [N, 18, h, w] in -1, 0, +1 (0: absent)."""
        features, last = state[:, :-SAMPLES], state[:, -SAMPLES:]
        x = self.tokens(tokens) + self.last(last) + self.features(features) + self.channels(channels)[:, :, None, None]
        x = self.blocks(x)
        pictures = self.head(x) + last.repeat(1, GROUP, 1, 1) * self.keep()[:, None, None]
        # Limited to what samples can be: what is fed back must not grow.
        return pictures, torch.cat([steady(x), pictures[:, -SAMPLES:].clamp(-2, 2)], 1)


class Tokenizer(nn.Module):
    """Encoder and decoder."""

    def __init__(self, shape: TokenizerShape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = TokenEncoder(shape)
        self.decoder = TokenDecoder(shape)

    def first_state(self, like: Tensor) -> Tensor:
        """State before a chunk: zeros [N, S, h, w] for frames `like` [N, .., h, w]."""
        return like.new_zeros(len(like), self.shape.state_channels, *like.shape[2:])

    def step(self, frames: Tensor, state: Tensor, channels: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Codes one token frame: z and tokens [N, 18, h, w] (-1, 0, +1), pictures and next state; arguments as the encoder's."""
        z = self.encoder(frames, state, channels)
        tokens = Signs.apply(z) * channels[:, :, None, None]
        return z, tokens, *self.decoder(tokens, state, channels)

    def kilo_macs_per_pixel(self) -> tuple[float, float]:
        """Encoder and decoder, per luma sample of the four frames of a token frame."""
        counts = []
        for part in (self.encoder, self.decoder):
            layers = [m for m in part.modules() if isinstance(m, nn.Conv2d)]
            counts.append(sum(m.weight.numel() for m in layers) / (64 * GROUP) / 1000)
        return counts[0], counts[1]

