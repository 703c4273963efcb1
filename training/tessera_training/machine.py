"""Settings of the process that training speed depends on."""

from __future__ import annotations

import ctypes
import sys

import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def prepare(threads: int) -> None:
    """Sets PyTorch's threads and lets malloc keep freed memory: fresh pages for each activation cost a third of a step."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    # On GPUs: sums of exact networks need all 24 bits.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    if sys.platform == "linux":
        try:
            libc = ctypes.CDLL("libc.so.6")
        except OSError:
            return  # another C library: only slower
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
