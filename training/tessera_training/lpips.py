"""LPIPS (Zhang et al. 2018, AlexNet, v0.1) in PyTorch, with the weights of an ONNX file of the same network."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from .folded import unfold

# Without instructions for it bfloat16 takes three times as long as float32.
CPU_HAS_BFLOAT16 = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
LAYERS = (("features_0", 4, 2), ("features_3", 1, 2), ("features_6", 1, 1), ("features_8", 1, 1), ("features_10", 1, 1))


class Lpips(nn.Module):
    """Distance per picture of RGB [N, 3, H, W] in -1..1; weights are fixed.

    `quick`: convolutions in bfloat16 on GPUs and CPUs that have it, for training: half the time and nearly the same gradient.
    """

    def __init__(self, path: Path, quick: bool = False) -> None:
        super().__init__()
        self.quick = quick
        stored = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()).float() for i in onnx.load(path).graph.initializer}

        def find(part: str, end: str) -> Tensor:
            names = [name for name in stored if part + "_" in name and (end in name)]
            if len(names) != 1:
                raise ValueError(f"{path}: expected one initialiser {part}...{end}, found {names}")
            return stored[names[0]]

        for index, (name, _, _) in enumerate(LAYERS):
            self.register_buffer(f"weight{index}", find(name, "weight").contiguous(memory_format=torch.channels_last))
            self.register_buffer(f"bias{index}", find(name, "bias"))
            self.register_buffer(f"linear{index}", find(f"lin{index}", "weight").reshape(-1))
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).reshape(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).reshape(1, 3, 1, 1))

    def features(self, rgb: Tensor) -> list[Tensor]:
        """Unit-length activations of the five layers."""
        x = ((rgb - self.shift) / self.scale).contiguous(memory_format=torch.channels_last)
        quick = self.quick and (x.device.type != "cpu" or CPU_HAS_BFLOAT16)
        found = []
        for index, (_, stride, pad) in enumerate(LAYERS):
            if index in (1, 2):
                x = functional.max_pool2d(x, 3, 2)
            with torch.autocast(x.device.type, torch.bfloat16, enabled=quick):
                x = functional.conv2d(x, getattr(self, f"weight{index}"), getattr(self, f"bias{index}"), stride, pad)
            x = functional.relu(x)
            activations = x.float()
            # Inside the root: its slope at zero is not finite.
            length = (activations.square().sum(1, keepdim=True) + 1e-20).sqrt()
            found.append(activations / (length + 1e-10))
        return found

    def between(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Distance per picture of two sets of `features`."""
        total = a[0].new_zeros(len(a[0]))
        for index, (x, y) in enumerate(zip(a, b)):
            total = total + ((x - y).square() * getattr(self, f"linear{index}").reshape(1, -1, 1, 1)).sum(1).mean((1, 2))
        return total

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self.features(b)
        return self.between(self.features(a), wanted)


def to_rgb(folded: Tensor, offset: tuple[int, int] = (0, 0)) -> Tensor:
    """Folded BT.601 limited-range pictures to RGB [N, 3, H, W] in -1..1, without the first `offset` rows and columns."""
    return planes_to_rgb(*unfold(folded))[:, :, offset[0] :, offset[1] :]


def planes_to_rgb(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """BT.601 limited-range planes [N, H, W] (chroma half size) in 0..255 to RGB [N, 3, H, W] in -1..1."""
    chroma = functional.interpolate(torch.stack([u, v], 1), scale_factor=2, mode="bilinear", align_corners=False)
    luma = (y - 16) * (255 / 219)
    u, v = ((chroma[:, i] - 128) * (255 / 224) for i in (0, 1))
    rgb = torch.stack([luma + 1.402 * v, luma - 0.344136 * u - 0.714136 * v, luma + 1.772 * u], 1)
    return rgb.clamp(0, 255) / 127.5 - 1
