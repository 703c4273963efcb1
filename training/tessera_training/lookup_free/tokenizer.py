"""Trains the lookup-free tokenizer on pictures: reconstruction, LPIPS, entropy and commitment of tokens, a guess of their rate.

Losses follow Yu et al. 2024 (MAGVIT-v2), section 3.1 and appendix; the rate is ours: a small network guesses each token from
those that a decoder has read by then, and what it gets wrong costs. Otherwise tokens of a still scene would be noise that no
prior can save.
"""

from __future__ import annotations

import argparse
from operator import attrgetter
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..lpips import Lpips, planes_to_rgb
from ..machine import prepare
from ..runner import Run, add_run_arguments
from ..shards import split_held_out
from .clips import CropFeeder, centre_crops, open_clips, to_groups, unfold_cells
from .networks import CHANNELS, GROUP, SAMPLES, Tokenizer, TokenizerShape, channel_mask
from .passes import pass_grid

# Share of each sample's squared error: chroma samples, a third of all, count half as much.
SAMPLE_WEIGHTS = torch.cat([torch.ones(64), torch.full((32,), 0.5)]) / 80
RATES = (6, 10, 14, 18)
LEADS = (0, 0, 8, 16)  # token frames before those that are learned from, in the later part of a run
GUESS_WEIGHT = 0.004  # of a bit per cell, where only the guess learns from it
SHARPNESS = 4.0  # a channel's probability is sigmoid(SHARPNESS z)


def normalised(cells: Tensor) -> Tensor:
    """Samples 0..255 to about -2..2."""
    return (cells.float() - 128) / 64


class RateGuess(nn.Module):
    """Guesses each channel of each cell from what is read before it: the same passes as the exact prior's."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.context = nn.Conv2d(5 * CHANNELS, width, 3, padding=1)
        self.middle = nn.Conv2d(width, width, 1)
        self.head = nn.Conv2d(width, CHANNELS, 1)
        self.across = nn.Parameter(torch.zeros(CHANNELS, CHANNELS))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, tokens: Tensor, before: Tensor, older: Tensor, channels: Tensor) -> Tensor:
        """Bits [N, h, w]: four times those of each cell of one pass drawn at random, zero elsewhere; right on average."""
        n, _, rows, columns = tokens.shape
        fixed = tokens.detach()
        passes = pass_grid(rows, columns, tokens.device)
        chosen = int(torch.randint(4, ()))
        read = fixed * (passes < chosen)
        present = channels[:, :, None, None].expand(-1, -1, rows, columns)
        x = torch.cat([read, before.detach(), older.detach(), present, present * (passes < chosen)], 1)
        x = functional.leaky_relu(self.context(x), 0.1)
        x = functional.leaky_relu(self.middle(x), 0.1)
        logits = self.head(x) + torch.einsum("cj,njhw->nchw", self.across.tril(-1), fixed)
        bits = functional.softplus(-tokens * logits) * 1.442695 * present
        return bits.sum(1) * (passes == chosen) * 4


class TrainingModel(nn.Module):
    """The modules that are optimised together."""

    def __init__(self, shape: TokenizerShape) -> None:
        super().__init__()
        self.tokenizer = Tokenizer(shape)
        self.guess = RateGuess()


def draw_channels(batch: int, device: str) -> Tensor:
    """Nested rates: [batch, 18], 1 for the first n channels."""
    favourites = torch.tensor([6, 10, 14, 14, 18, 18, 18, 18])
    n = favourites[torch.randint(len(favourites), (batch,))]
    n = torch.where(torch.rand(batch) < 0.15, torch.randint(1, CHANNELS + 1, (batch,)), n)
    return channel_mask(n).to(device)


class Unrolled:
    """The tokenizer run over token frames [N, T, 384, h, w], from zero or from the end of another run."""

    def __init__(self, model: TrainingModel, groups: Tensor, channels: Tensor, earlier: Unrolled | None = None) -> None:
        tokenizer = model.tokenizer
        if earlier is None:
            before = older = torch.zeros_like(groups[:, 0, :CHANNELS])
            state = tokenizer.first_state(groups[:, 0])
        else:
            state, before, older = earlier.end
        self.pictures, self.z, self.tokens, self.bits = [], [], [], []
        for t in range(groups.shape[1]):
            z, tokens, pictures, state = tokenizer.step(groups[:, t], state, channels)
            self.bits.append(model.guess(tokens, before, older, channels))
            self.pictures.append(pictures)
            self.z.append(z)
            self.tokens.append(tokens)
            before, older = tokens.detach(), before
        self.end = (state, before, older)


def entropies(z: Tensor, channels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean entropy of each token's channels, and entropy of each channel's mean, in bits per channel in use.

    `z` [N, T, 18, h, w]. Factorised over channels, since 2^18 tokens cannot be told apart in a batch.
    """
    present = channels[:, None, :, None, None].expand_as(z)
    p = torch.sigmoid(SHARPNESS * z.float())
    own = (binary_entropy(p) * present).sum() / present.sum()
    mean = (p * present).sum((0, 1, 3, 4)) / present.sum((0, 1, 3, 4)).clamp_min(1)
    used = channels.amax(0)
    return own, (binary_entropy(mean) * used).sum() / used.sum()


def binary_entropy(p: Tensor) -> Tensor:
    p = p.clamp(1e-5, 1 - 1e-5)
    return -(p * p.log2() + (1 - p) * (1 - p).log2())


def rgb_of(cells: Tensor) -> Tensor:
    """Normalised cells [N, 96, h, w] to RGB [N, 3, rows, columns] in -1..1."""
    return planes_to_rgb(*unfold_cells(cells.float() * 64 + 128))


def half_on_gpus(device: str) -> torch.autocast:
    """Where GPUs compute with bfloat16; CPUs stay with float32."""
    return torch.autocast(device, torch.bfloat16, enabled=device == "cuda")


class Critic(nn.Module):
    """Tells decoded pictures from original ones by patches; spectral norms keep its gradient small."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 48, 96, 192)
        norm = nn.utils.parametrizations.spectral_norm
        layers: list[nn.Module] = []
        for a, b in zip(widths, widths[1:]):
            layers += [norm(nn.Conv2d(a, b, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, norm(nn.Conv2d(widths[-1], 1, 3, padding=1)))

    def forward(self, rgb: Tensor) -> Tensor:
        return self.layers(rgb)


class Trainer:
    """Runs the training steps; see `parse` for the options."""

    def __init__(self, arguments: argparse.Namespace, model: TrainingModel, feeder: CropFeeder, lpips: Lpips, run: Run) -> None:
        self.arguments, self.model, self.feeder, self.lpips, self.run = arguments, model, feeder, lpips, run
        self.device = arguments.device
        self.weights = SAMPLE_WEIGHTS.to(self.device)[:, None, None]
        self.critic = Critic().to(self.device)
        self.critic_optimiser = torch.optim.AdamW(self.critic.parameters(), lr=4e-4, betas=(0.5, 0.95))

    def step(self, _: object) -> tuple[Tensor, float, float]:
        a = self.arguments
        progress = self.run.progress
        long = progress > a.long_from
        self.feeder.batch = a.batch // 2 if long else a.batch
        # Token frames that only lead to a state, and those that are learned from.
        lead = LEADS[int(torch.randint(len(LEADS), ()))] if long else 0
        learned = 9 if long else 5
        cells = normalised(self.feeder.draw(1 + 4 * (lead + learned - 1)))
        channels = draw_channels(len(cells), self.device)
        groups = to_groups(cells)
        with half_on_gpus(self.device):
            earlier = None
            if lead > 0:
                with torch.no_grad():
                    earlier = Unrolled(self.model, groups[:, :lead], channels)
            groups = groups[:, lead:]
            unrolled = Unrolled(self.model, groups, channels, earlier)
        pictures = torch.stack(unrolled.pictures, 1).float()
        error = ((pictures - groups).square().unflatten(2, (GROUP, SAMPLES)) * self.weights).sum(3).mean((2, 3, 4))
        distortion = error.mean() * (64 / 255) ** 2
        shown, wanted = self.some_frames(pictures, groups)
        perceived = self.lpips(shown, wanted).mean()
        z = torch.stack(unrolled.z, 1)
        own, mean = entropies(z, channels)
        present = channels[:, None, :, None, None]
        commitment = ((z.float() - torch.stack(unrolled.tokens, 1).detach().float()).square() * present).sum() / (present.expand_as(z).sum())
        rate = torch.stack(unrolled.bits, 1).float().mean()
        # Both start late or strong: tokens must mean something before they are made cheap.
        entropy_weight = a.entropy * (1 + 2 * max(0.0, 1 - progress / 0.3))
        rate_weight = a.rate * min(1.0, max(0.0, progress - 0.1) / 0.15)
        loss = a.squared * distortion + a.perceptual * perceived + entropy_weight * (own - mean) + 0.25 * a.commitment * commitment
        # The guess itself learns at full weight from the beginning; only what it tells the encoder is weighted.
        loss = loss + rate_weight * rate + max(0.0, GUESS_WEIGHT - rate_weight) * self.guess_alone(unrolled, channels)
        if progress > a.adversarial_from and a.adversarial > 0:
            loss = loss + a.adversarial * min(1.0, (progress - a.adversarial_from) / 0.05) * self.criticise(shown, wanted)
        return loss, float(distortion.detach()), len(cells) * groups.shape[1]

    def guess_alone(self, unrolled: Unrolled, channels: Tensor) -> Tensor:
        nothing = torch.zeros_like(unrolled.tokens[0])
        history = [nothing, nothing, *unrolled.tokens]
        t = int(torch.randint(len(unrolled.tokens), ()))
        with half_on_gpus(self.device):
            return self.model.guess(history[t + 2].detach(), history[t + 1], history[t], channels).float().mean()

    def some_frames(self, pictures: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
        """RGB of some frames of each crop, decoded and original, moved by up to 7 samples for LPIPS's sake."""
        n, t = pictures.shape[:2]
        frames = []
        for source in (pictures, groups):
            frames.append(source.unflatten(2, (GROUP, SAMPLES)).flatten(1, 2))
        chosen = torch.randint(GROUP * t, (n, self.arguments.perceptual_frames), device=self.device)
        which = torch.arange(n, device=self.device)[:, None]
        top, left = (int(torch.randint(8, ())) for _ in range(2))
        shown, wanted = (rgb_of(f[which, chosen].flatten(0, 1))[:, :, top:, left:] for f in frames)
        return shown, wanted

    def criticise(self, shown: Tensor, wanted: Tensor) -> Tensor:
        """Runs one step of the critic, then rates the decoded pictures with it."""
        with half_on_gpus(self.device):
            real, fake = self.critic(wanted), self.critic(shown.detach())
        loss = functional.relu(1 - real.float()).mean() + functional.relu(1 + fake.float()).mean()
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        with half_on_gpus(self.device):
            return -self.critic(shown).float().mean()


@torch.no_grad()
def evaluate(model: TrainingModel, held: Tensor, lpips: Lpips, device: str) -> tuple[str, dict[str, float]]:
    """Held-out clips `held` [N, frames, 96, h, w] at several rates: PSNR-Y, LPIPS, guessed bits, use of channels."""
    figures: dict[str, float] = {}
    texts = []
    groups = to_groups(normalised(held.to(device)))
    for n in RATES:
        channels = channel_mask(torch.full((len(groups),), n, device=device))
        with half_on_gpus(device):
            unrolled = Unrolled(model, groups, channels)
        pictures = torch.stack(unrolled.pictures, 1).float()
        levels = ((pictures * 64 + 128).round().clamp(0, 255) - 128) / 64
        error = (levels - groups).unflatten(2, (GROUP, SAMPLES))[:, :, :, :64].square().mean((3, 4, 5)) * 64**2
        psnr = (10 * torch.log10(255**2 / error.clamp_min(0.01))).mean(0)
        by_place = [float(psnr[0, 0]), *(float(x) for x in psnr[1:].mean(1))]
        every = [float(psnr[0, 0]), *psnr[1:].flatten().tolist()]
        distances = [
            float(lpips(rgb_of(levels[:, t, -SAMPLES:]), rgb_of(groups[:, t, -SAMPLES:])).mean()) for t in range(groups.shape[1])
        ]
        tokens = torch.stack(unrolled.tokens, 1)[:, :, :n]
        use = binary_entropy((tokens > 0).float().mean((0, 1, 3, 4)))
        bits = torch.stack(unrolled.bits, 1).float().mean((0, 2, 3))
        figures[f"psnr_{n}"] = sum(every) / len(every)
        figures[f"lpips_{n}"] = sum(distances) / len(distances)
        figures[f"bits_{n}"] = float(bits.mean()) / n
        figures[f"least_use_{n}"] = float(use.min())
        places = " ".join(f"{x:.1f}" for x in [*by_place[:5], *by_place[8::8]])
        texts.append(
            f"{n}: {figures[f'psnr_{n}']:.2f} dB ({places}), LPIPS {figures[f'lpips_{n}']:.3f}, "
            f"{figures[f'bits_{n}']:.2f} of raw bits (first {float(bits[0]) / n:.2f}), use {float(use.min()):.2f}..{float(use.max()):.2f}"
        )
    return "\n  ".join(["", *texts]), figures


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, learning_rate=1e-3, batch=8)
    parser.add_argument("--lpips-onnx", type=Path, required=True, help="LPIPS-alex as ONNX")
    parser.add_argument("--crop", type=int, default=128, help="samples a side, a multiple of 16")
    parser.add_argument("--squared", type=float, default=100.0, help="weight of the squared error of samples in 0..1")
    parser.add_argument("--perceptual", type=float, default=0.8, help="weight of LPIPS")
    parser.add_argument("--perceptual-frames", type=int, default=4, help="frames of each crop that LPIPS sees")
    parser.add_argument("--entropy", type=float, default=0.03, help="weight of the entropies, three times that at first")
    parser.add_argument("--commitment", type=float, default=0.1, help="weight of four commitment losses")
    parser.add_argument("--rate", type=float, default=0.004, help="weight of a guessed bit per cell")
    parser.add_argument("--adversarial", type=float, default=0.02, help="weight of the critic's opinion")
    parser.add_argument("--adversarial-from", type=float, default=0.7, help="share of the run after which the critic is heard")
    parser.add_argument("--long-from", type=float, default=0.35, help="share of the run after which crops have 33 frames and more, half as many")
    parser.add_argument("--evaluation-frames", type=int, default=97, help="frames of held-out clips, 1 + 4k")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> dict[str, float]:
    arguments = parse(argv)
    prepare(arguments.threads)
    torch.manual_seed(arguments.seed)
    device = arguments.device
    train, held = split_held_out(open_clips(arguments.shards), arguments.held_out_every, attrgetter("name"))
    model = TrainingModel(TokenizerShape()).to(device)
    run = Run(arguments, model, "tokenizer")
    lpips = Lpips(arguments.lpips_onnx).to(device)
    feeder = CropFeeder(train, arguments.batch, arguments.crop, run.generator, device)
    size = min(256, *(side // 16 * 16 for clip in held for side in clip.planes[0].shape[1:]))
    pictures = centre_crops(held, size, arguments.evaluation_frames)
    run.describe_data(len(train), len(held), len(train))
    encode, decode = model.tokenizer.kilo_macs_per_pixel()
    run.say(f"{len(train)} clips to train on, {len(held)} held out; {encode:.1f} and {decode:.1f} kMAC/pixel to encode and decode")
    trainer = Trainer(arguments, model, feeder, Lpips(arguments.lpips_onnx, quick=True).to(device), run)
    return run.loop(trainer.step, lambda average: evaluate(average, pictures, lpips, device), "token frames")


if __name__ == "__main__":
    main()
