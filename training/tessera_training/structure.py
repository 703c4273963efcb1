"""Multi-scale structural similarity of luma (Wang, Simoncelli, Bovik 2003), as `metrics/ms-ssim.ts` computes it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def _blurred(x: Tensor) -> Tensor:
    """Gaussian means of every window that lies inside, of [N, C, h, w]."""
    taps = torch.exp(-((torch.arange(WINDOW, device=x.device) - WINDOW // 2) ** 2) / (2 * SIGMA**2))
    taps = (taps / taps.sum()).repeat(x.shape[1], 1, 1, 1)
    x = functional.conv2d(x, taps, groups=x.shape[1])
    return functional.conv2d(x, taps.transpose(2, 3), groups=x.shape[1])


def _compare(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Mean similarity and mean contrast per picture of [N, h, w]."""
    mean_a, mean_b, square_a, square_b, product = _blurred(torch.stack([a, b, a * a, b * b, a * b], 1)).unbind(1)
    covariance = product - mean_a * mean_b
    contrast = (2 * covariance + C2) / (square_a - mean_a**2 + square_b - mean_b**2 + C2)
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return (luminance * contrast).mean((1, 2)), contrast.mean((1, 2))


def ms_ssim(a: Tensor, b: Tensor, first: int = 0) -> Tensor:
    """MS-SSIM per picture of luma [N, h, w] in 0..255, without the `first` scales, the finest ones. Pictures below 176 samples
    have as many scales as fit. The exponents of the scales in use are scaled to the sum of all."""
    scales = [scale for scale in range(len(WEIGHTS)) if scale >= first and min(a.shape[1:]) >> scale >= WINDOW]
    total = sum(WEIGHTS) / sum(WEIGHTS[scale] for scale in scales)
    result = a.new_ones(len(a))
    for scale in range(scales[-1] + 1):
        if scale in scales:
            similarity, contrast = _compare(a, b)
            result = result * (similarity if scale == scales[-1] else contrast).clamp_min(1e-4) ** (WEIGHTS[scale] * total)
        a, b = (functional.avg_pool2d(x[:, None], 2)[:, 0] for x in (a, b))
    return result
