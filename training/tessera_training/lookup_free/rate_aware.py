"""Chooses signs by their cost: if z is near zero, the token takes the sign that the prior expects."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .networks import CHANNELS
from .passes import PASSES
from .prior import ABOUT, AROUND, NATS, UNKNOWN, BitPrior

# What a wrong sign does to the picture falls with its channel: measured by turning single signs over.
WORTH = (1 + torch.arange(CHANNELS) / 2) ** -0.5
HIGHEST_PRICE = 0.12
FALLING_PRICE = 4.3


def price(n: Tensor) -> Tensor:
    """The price of a nat in units of z, with `n` channels in use. With fewer channels, each bit must improve more."""
    return (FALLING_PRICE / n**2).clamp(max=HIGHEST_PRICE)


def evidence(z: Tensor, n: int) -> Tensor:
    """The value of the signs of `z` [N, 18, h, w] in nats."""
    return z * (WORTH[:, None, None] / price(torch.tensor(float(n))))


class SignChooser:
    """Chooses the tokens of a clip, token frame by token frame, in the order in which they are coded."""

    def __init__(self, model: BitPrior, n: int, rows: int, columns: int) -> None:
        self.model, self.n = model, n
        self.weights = model.channel_weights().detach()
        self.grids = [np.mgrid[top:rows:2, left:columns:2].reshape(2, -1) for top, left in PASSES]
        self.shape = (rows, columns)
        self.before = self.older = self._unknown()
        self.frames = 0

    def _unknown(self) -> np.ndarray:
        return np.full((self.shape[0] + 2, self.shape[1] + 2, CHANNELS), UNKNOWN, np.uint8)

    @torch.no_grad()
    def choose(self, z: Tensor) -> tuple[Tensor, float]:
        """Tokens [1, 18, h, w] in -1, 0, +1 of `z` of the same shape, and their bits by the prior's logits."""
        worth = evidence(z, self.n)[0]
        current, chosen, bits = self._unknown(), torch.zeros(CHANNELS, *self.shape), 0.0
        for number, (r, c) in enumerate(self.grids):
            logits = self._logits(current, number, r + 1, c + 1)
            signs = torch.zeros(len(r), CHANNELS)
            for channel in range(self.n):
                expected = ((logits[:, channel] + signs @ self.weights[channel]).clamp(0, 255) - 128) * NATS
                signs[:, channel] = torch.where(worth[channel, r, c] + expected > 0, 1.0, -1.0)
                bits += float(torch.nn.functional.softplus(-signs[:, channel] * expected).sum()) * 1.442695
            current[r + 1, c + 1, : self.n] = (signs[:, : self.n].numpy() > 0) * 128
            chosen[:, r, c] = signs.T
        self.older, self.before = self.before, current
        self.frames += 1
        return chosen[None], bits

    def _logits(self, current: np.ndarray, number: int, r: np.ndarray, c: np.ndarray) -> Tensor:
        """Of the cells of one pass; `r` and `c` count the border."""
        around = np.concatenate([current[r + dy, c + dx] for dy, dx in AROUND], -1)
        before = np.concatenate([self.before[r + dy, c + dx] for dy, dx in ((0, 0), *AROUND)], -1)
        about = np.zeros((len(r), ABOUT), np.uint8)
        about[:, 0] = 7 * self.n
        about[:, 2 + number] = 128
        if self.frames < 2:
            about[:, 1 if self.frames == 0 else 6] = 128
        return self.model(*(torch.from_numpy(part).float() for part in (around, before, self.older[r, c], about)))
