"""Contexts and costs of coefficient tokens, as the coder computes them (docs/FORMAT.md, sections 7 and 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .shards import block_sizes
from .tables import CHROMA_LIMIT, CODE, LUMA_LIMIT, NEAR, NONE, PART_LIMITS, TOTAL, frequencies


@dataclass
class CodedTokens:
    """The coded tokens of a batch of macroblocks, flat; every field [count]."""

    place: Tensor  # index into [macroblocks, 384]
    kind: Tensor  # 0, 1, 2
    context: Tensor  # 0..7
    near: Tensor  # 0..34: size of the two nearest neighbours, part of the order
    symbol: Tensor  # 0..15
    extra: Tensor  # float: sign and escape bits
    macroblock: Tensor


class TokenCoder:
    """Finds coded tokens, their contexts and fixed costs for the tables of one pack."""

    def __init__(self, tables: dict[str, np.ndarray]) -> None:
        atoms16, atoms8 = tables["basis16"].shape[1], tables["basis8"].shape[1]
        self.luma_atoms = (atoms16, 4 * atoms8)
        self.chroma_atoms = 2 * tables["basisChroma"].shape[1]
        # Neighbours by kind and channel 0..383; 384 stands for none and reads a column of zeros.
        neighbours = np.full((2, 384, 6), 384, np.int64)
        source = tables["contextNeighbours"].astype(np.int64)
        for kind in (0, 1):
            neighbours[kind, :256] = np.where(source[kind] == NONE, 384, source[kind])
            neighbours[kind, 256:] = np.where(source[2, :128] == NONE, 384, source[2, :128] + 256)
        self.neighbours = [np.ascontiguousarray(neighbours[..., i].reshape(-1), np.int32) for i in range(6)]
        self.context_of_sum = tables["contextOfSum"].astype(np.int64)
        magnitude = np.arange(128)
        escape = magnitude - 15
        ones = np.floor(np.log2(np.maximum(escape, 0) + 1))
        self.fixed_bits = ((magnitude > 0) + np.where(escape >= 0, 2 * ones + 1, 0)).astype(np.float32)

    def find(self, tokens: np.ndarray, context: np.ndarray) -> CodedTokens:
        """tokens int8 [macroblocks, 384], context uint8 [macroblocks, 32]."""
        transform = (context[:, 7] > 0).astype(np.int32)
        # The transforms of large blocks are not the pack's bases: they have all tokens.
        is_large = block_sizes(context.T) > 0
        luma = np.minimum(LUMA_LIMIT[context[:, 8] // 4], np.where(is_large, 256, np.array(self.luma_atoms)[transform]))
        chroma = np.minimum(CHROMA_LIMIT[context[:, 9] // 8], np.where(is_large, 128, self.chroma_atoms))
        channel = np.arange(384, dtype=np.int16)
        edge = np.where(channel < 256, luma[:, None].astype(np.int16), chroma[:, None].astype(np.int16) + 256)
        block, at = np.divmod(np.flatnonzero(channel < edge).astype(np.int32), 384)
        size = np.zeros((len(tokens), 385), np.uint8)
        np.abs(tokens, out=size[:, :384], casting="unsafe")
        small = np.minimum(size, 3).reshape(-1)
        base = block * 385
        sums = np.zeros(len(block), np.uint8)
        near = np.zeros(len(block), np.int64)
        sizes = size.reshape(-1)
        row = transform[block] * 384 + at
        for index in range(6):
            places = base + self.neighbours[index][row]
            sums += small[places]
            if index < 2:
                near += sizes[places]
        magnitude = sizes[base + at]
        part = np.digitize(np.where(at < 256, at, at - 256), PART_LIMITS)
        return CodedTokens(
            torch.from_numpy(block.astype(np.int64) * 384 + at),
            torch.from_numpy(np.where(at < 256, transform[block], 2).astype(np.int64)),
            torch.from_numpy(self.context_of_sum[sums]),
            torch.from_numpy(NEAR[2] * np.minimum(near, NEAR[1] - 1) + part),
            torch.from_numpy(np.minimum(magnitude, 15).astype(np.int64)),
            torch.from_numpy(self.fixed_bits[magnitude]),
            torch.from_numpy(block.astype(np.int64)),
        )


def codes(tokens: np.ndarray) -> np.ndarray:
    """code(|token|), uint8 of the same shape."""
    return CODE[np.minimum(np.abs(tokens.astype(np.int16)), 15)]


class _Interpolate(torch.autograd.Function):
    """Table costs between neighbouring scales; gradients reach both the position and the tables.

    Beyond the ends the cost stays that of the end, and only a pull back inside passes.
    """

    @staticmethod
    def forward(ctx, table: Tensor, row: Tensor, position: Tensor, last: int, stride: int) -> Tensor:
        low = position.floor().clamp_(0, last - 1)
        fraction = (position - low).clamp_(0, 1)
        index = row + low.long() * stride
        a = table[index]
        slope = table[index + stride] - a
        ctx.save_for_backward(index, fraction, slope, position)
        ctx.values = (table.numel(), last, stride)
        return torch.addcmul(a, fraction, slope)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        index, fraction, slope, position = ctx.saved_tensors
        size, last, stride = ctx.values
        high = gradient * fraction
        table = torch.bincount(index, gradient - high, size) + torch.bincount(index + stride, high, size)
        outward = ((position < 0) & (slope > 0)) | ((position > last) & (slope < 0))
        return table.to(gradient.dtype), None, (gradient * slope).masked_fill_(outward, 0), None, None


def table_costs(logits: Tensor) -> Tensor:
    """Bits of each symbol of tables given as logits."""
    return -torch.log_softmax(logits, -1) * 1.4426950408889634


def bits_of_mean(first: Tensor, second: Tensor) -> Tensor:
    """Bits of symbols under the mean of two tables, of which each alone takes `first` and `second` bits."""
    return 1 - torch.logaddexp2(-first, -second)


def soft_bits(logits: Tensor, near: Tensor, fine: Tensor, coded: CodedTokens) -> Tensor:
    """Bits of each coded token [count]; `fine` is its scale in steps of 1/8, `logits` [3, 32, 8, 16] and `near`
    [3, 32, 35, 16] are those of coefficientTables and nearTables."""

    def cost(tables: Tensor, context: Tensor) -> Tensor:
        _, scales, contexts, symbols = tables.shape
        row = (coded.kind * scales * contexts + context) * symbols + coded.symbol
        # The middle of the eight steps that share a table counts as that table.
        return _Interpolate.apply(table_costs(tables).reshape(-1), row, (fine - 3.5) / 8, scales - 1, contexts * symbols)

    return bits_of_mean(cost(logits, coded.context), cost(near, coded.near)) + coded.extra


def hard_index(fine: Tensor, coded: CodedTokens) -> Tensor:
    """Index [count] of each token's row in coefficientTables seen as [3 * 32 * 8, 16]."""
    return _table(fine, coded) * 8 + coded.context


def near_index(fine: Tensor, coded: CodedTokens) -> Tensor:
    """Index [count] of each token's row in nearTables seen as [3 * 32 * 35, 16]."""
    return _table(fine, coded) * (NEAR[1] * NEAR[2]) + coded.near


def _table(fine: Tensor, coded: CodedTokens) -> Tensor:
    """Index [count] of each token's kind and scale."""
    return coded.kind * 32 + torch.div(fine, 8, rounding_mode="floor").long()


def fit_tables(counts: np.ndarray, prior: np.ndarray, strength: float = 40.0) -> np.ndarray:
    """Frequencies from counts [.., 16], drawn towards `prior` frequencies where little was seen."""
    share = prior.astype(np.float64) / TOTAL
    return frequencies(counts + strength * share)
