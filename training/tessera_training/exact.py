"""Exact integer layers for training: float latents, integers in the forward pass, straight-through gradients.

Activations are integers held in float32, 64 standing for 1.0. A latent weight `w` becomes the integer
`round(w * scale)` in -127..127, so optimisers see weights of ordinary size.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

BIAS_LIMIT = 2**17


class RoundClip(torch.autograd.Function):
    """round(x * scale) limited to +-limit; the gradient passes where the limit does not bind."""

    @staticmethod
    def forward(ctx, x: Tensor, scale: float, limit: float) -> Tensor:
        scaled = x * scale
        ctx.save_for_backward(scaled.abs() <= limit)
        ctx.scale = scale
        return scaled.round_().clamp_(-limit, limit)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        (inside,) = ctx.saved_tensors
        return gradient * inside * ctx.scale, None, None


class _FloorClip(torch.autograd.Function):
    """clip(floor(x), low, high); the gradient passes inside the limits, or everywhere if `free`. Floors x in place."""

    @staticmethod
    def forward(ctx, x: Tensor, low: float, high: float, free: bool) -> Tensor:
        # x is a sum made for this call; no backward formula of a sum reads it.
        x.detach().floor_()
        ctx.limits = (low, high)
        if not free:
            ctx.save_for_backward(x)
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        if not ctx.saved_tensors:
            return gradient, None, None, None
        low, high = ctx.limits
        return torch.ops.aten.hardtanh_backward(gradient, ctx.saved_tensors[0], low - 0.5, high + 0.5), None, None, None


def floor_clip(x: Tensor, low: float, high: float, free: bool = False) -> Tensor:
    """clip(floor(x), low, high) with a straight-through gradient; overwrites x, which nothing else may use."""
    return _FloorClip.apply(x, low, high, free)


class ExactConv(nn.Module):
    """Convolution sums in integers, of NHWC activations; 1x1 layers are matrix products.

    `limit` is the largest sum of weight magnitudes per output (0: none): rows above it are scaled down, which keeps
    wide inputs below 2^24.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, groups: int = 1, scale: int = 128, limit: int = 0, gain: float = 1.0) -> None:
        super().__init__()
        fan_in = inputs // groups * kernel * kernel
        self.kernel, self.groups, self.scale, self.limit = kernel, groups, scale, limit
        self.weight = nn.Parameter(torch.randn(outputs, inputs // groups, kernel, kernel) * gain / fan_in**0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def integers(self) -> tuple[Tensor, Tensor]:
        weight = self.weight
        if self.limit:
            norm = weight.detach().abs().sum((1, 2, 3), keepdim=True) * self.scale
            # Rounding adds at most a half per weight, hence the margin.
            weight = weight * (self.limit / norm.clamp_min(1)).clamp_max(1)
        whole = RoundClip.apply(weight, self.scale, 127.0)
        bias = RoundClip.apply(self.bias, 64.0 * self.scale, float(BIAS_LIMIT))
        return whole, bias

    def forward(self, x: Tensor, shift: int = 0) -> Tensor:
        """Sums times 2^-shift: exact, since only exponents change."""
        weight, bias = (whole * 2.0**-shift for whole in self.integers())
        if self.kernel == 1:
            return functional.linear(x, weight[:, :, 0, 0], bias)
        planes = x.permute(0, 3, 1, 2)
        sums = functional.conv2d(planes, weight, bias, padding=self.kernel // 2, groups=self.groups)
        return sums.permute(0, 2, 3, 1)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """int8 weight [O, I / groups, k, k] and int32 bias [O], as exported."""
        with torch.no_grad():
            weight, bias = self.integers()
        return weight.numpy().astype(np.int8), bias.numpy().astype(np.int32)


def identity_depthwise(conv: ExactConv) -> None:
    """Starts a depth-wise layer near the identity, so that depth costs nothing at first."""
    with torch.no_grad():
        conv.weight.mul_(0.3)
        centre = conv.kernel // 2
        conv.weight[:, 0, centre, centre] += 0.7
