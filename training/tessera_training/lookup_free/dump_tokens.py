"""Codes clips with a trained tokenizer and writes their tokens: the training data of the prior."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .clips import Clip, middle, open_clips, to_groups
from .networks import Tokenizer, TokenizerShape, channel_mask
from .prior import BitPrior, BitPriorShape
from .rate_aware import SignChooser
from .tokenizer import RATES, TrainingModel, normalised


@torch.no_grad()
def code(tokenizer: Tokenizer, groups: Tensor, n: int, prior: BitPrior | None = None) -> Tensor:
    """Token frames uint8 [T, 18, h, w] in 0, 1 of groups [T, 384, h, w]; absent channels are 0.

    With a prior, signs are chosen by what they cost as well, as the encoder does.
    """
    channels = channel_mask(torch.tensor([n], device=groups.device))
    state = tokenizer.first_state(groups[:1])
    chooser = SignChooser(prior, n, *groups.shape[2:]) if prior else None
    frames = []
    for group in groups:
        if chooser is None:
            tokens = tokenizer.step(group[None], state, channels)[1]
        else:
            tokens, _ = chooser.choose(tokenizer.encoder(group[None], state, channels).cpu())
            tokens = tokens.to(groups.device)
        _, state = tokenizer.decoder(tokens, state, channels)
        frames.append((tokens[0] > 0).to(torch.uint8))
    return torch.stack(frames)


def groups_of(clip: Clip, frames: int, size: int, device: str) -> Tensor:
    """The first 1 + 4k frames of a clip, at most `frames`, and of them the middle, at most `size` luma samples a side."""
    count = min(frames, clip.frames)
    count -= (count - 1) % 4
    return to_groups(normalised(middle(clip, np.arange(count), size))[None])[0].to(device)


def load_tokenizer(checkpoint: Path, device: str) -> Tokenizer:
    """The averaged weights of a checkpoint of `tokenizer`."""
    model = TrainingModel(TokenizerShape())
    model.load_state_dict(torch.load(checkpoint, weights_only=True, map_location="cpu")["average"])
    return model.tokenizer.eval().to(device)


def load_prior(checkpoint: Path) -> BitPrior:
    """The averaged weights of a checkpoint of `prior`."""
    model = BitPrior(BitPriorShape())
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    return model.eval()


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planes", type=Path, required=True, help="folder that `tessera-dev planes` wrote")
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint of the tokenizer")
    parser.add_argument("--prior", type=Path, help="checkpoint of the prior: signs are chosen by what they cost as well")
    parser.add_argument("--out", type=Path, required=True, help="folder for one .npz per rate")
    parser.add_argument("--frames", type=int, default=49, help="frames of each clip at most")
    parser.add_argument("--size", type=int, default=4096, help="luma samples a side at most, of the middle")
    parser.add_argument("--rates", type=int, nargs="*", default=RATES, help="channels in use")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    arguments = parser.parse_args(argv)
    tokenizer = load_tokenizer(arguments.checkpoint, arguments.device)
    prior = load_prior(arguments.prior) if arguments.prior else None
    arguments.out.mkdir(parents=True, exist_ok=True)
    for n in arguments.rates:
        arrays = {}
        for clip in open_clips(arguments.planes):
            tokens = code(tokenizer, groups_of(clip, arguments.frames, arguments.size, arguments.device), n, prior)[:, :n].cpu().numpy()
            # Packed along the channels' bits of the whole clip; the shape stands beside it.
            arrays[f"{clip.name}/shape"] = np.array(tokens.shape, np.int32)
            arrays[f"{clip.name}/bits"] = np.packbits(tokens.reshape(-1))
        np.savez(arguments.out / f"tokens-{n:02d}.npz", **arrays)
        print(f"{n} channels: {len(arrays) // 2} clips", flush=True)


if __name__ == "__main__":
    main()
