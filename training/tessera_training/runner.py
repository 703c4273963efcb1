"""What every training run shares: wall-time schedule, averaged weights, clipped gradients, checkpoints, log lines."""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .from_pack import training_of


def add_run_arguments(
    parser: argparse.ArgumentParser, learning_rate: float, batch: int, devices: Sequence[str] = ("cpu", "cuda")
) -> None:
    """The knobs that all trainers have. `devices`: where this one can run."""
    parser.add_argument("--shards", type=Path, required=True, help="folder with dumped shards")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint, log and resumed state")
    parser.add_argument("--minutes", type=float, default=30.0, help="length of the whole run, resumed parts included")
    parser.add_argument("--steps", type=int, help="end (and finish the schedule) after this many steps instead")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch threads; 1 when anything else runs")
    parser.add_argument("--device", choices=devices, default="cpu", help="where the networks are trained")
    parser.add_argument("--batch", type=int, default=batch, help="crops per step")
    parser.add_argument("--learning-rate", type=float, default=learning_rate, help="peak of the cosine schedule")
    parser.add_argument("--held-out-every", type=int, default=12, help="every n-th clip is kept for evaluation")
    parser.add_argument("--evaluate-every", type=float, default=5.0, help="minutes between evaluations")
    parser.add_argument("--seed", type=int, default=1, help="seed of weights and data order")
    parser.add_argument("--fresh", action="store_true", help="start anew although a checkpoint exists")
    parser.add_argument("--start-from", type=Path, help="take the weights of this checkpoint or pack, not its schedule")


def training_behind(state: dict) -> dict[str, float]:
    """Steps, minutes and samples of a checkpoint, those of the runs that it started from included."""
    earlier = state.get("earlier", {})
    return {name: state[name] + earlier.get(name, 0) for name in ("step", "minutes", "samples")}


def starts_from_pack(arguments: argparse.Namespace) -> bool:
    """Whether the weights to start from are those of a pack's folder."""
    return arguments.start_from is not None and arguments.start_from.is_dir()


class Run:
    """Trains `model` with AdamW under a cosine schedule by wall time and keeps averaged weights.

    `checkpoint.pt` holds weights, averages, optimiser, step and elapsed minutes and is replaced in one move, so a run
    may be stopped at any moment; starting it again goes on from there.
    """

    CHECKPOINT_SECONDS = 120.0

    def __init__(self, arguments: argparse.Namespace, model: nn.Module, part: str, groups: list[dict] | None = None) -> None:
        """`model` has its first weights: where `--start-from` names a pack, those of its `part`; it moves to `--device`."""
        self.arguments = arguments
        self.model = model.to(arguments.device)
        self.average = copy.deepcopy(model)
        for parameter in self.average.parameters():
            parameter.requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            groups or [{"params": list(model.parameters())}],
            lr=arguments.learning_rate, betas=(0.9, 0.98), weight_decay=0.0, foreach=True,
        )  # fmt: skip
        self.notes: dict[str, object] = {}
        # What else a trainer keeps in its checkpoints.
        self.kept: dict[str, Tensor] = {}
        # What went into the weights of --start-from.
        self.earlier: dict[str, float] = {"step": 0, "minutes": 0.0, "samples": 0.0}
        self.figures: dict[str, float] = {}
        self.peaks = [group["lr"] for group in self.optimiser.param_groups]
        self.step, self.minutes, self.samples, self.norm = 0, 0.0, 0.0, 0.0
        self.folder: Path = arguments.out
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / "checkpoint.pt"
        if starts_from_pack(arguments):
            self.earlier = training_of(arguments.start_from, part)
        elif arguments.start_from:
            state = torch.load(arguments.start_from, weights_only=True, map_location="cpu")
            self.model.load_state_dict(state["average"])
            self.average.load_state_dict(state["average"])
            self.earlier = training_behind(state)
        if self.path.exists() and not arguments.fresh:
            self._load()
        self.generator = np.random.default_rng([arguments.seed, self.step])

    def _load(self) -> None:
        state = torch.load(self.path, weights_only=True, map_location="cpu")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.minutes, self.samples = state["step"], state["minutes"], state["samples"]
        self.figures = state["figures"]
        self.earlier = state.get("earlier", self.earlier)
        self.kept = state.get("kept", {})
        self.say(f"resumed at step {self.step}, {self.minutes:.1f} minutes")

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "minutes": self.minutes,
            "samples": self.samples,
            "earlier": self.earlier,
            "notes": self.notes,
            "kept": self.kept,
            "figures": self.figures,
        }
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self.path)

    def say(self, text: str, **figures: float) -> None:
        """One line on the terminal and one JSON line in log.jsonl."""
        print(text, flush=True)
        with (self.folder / "log.jsonl").open("a") as log:
            entry = {"step": self.step, "minutes": round(self.minutes, 2), "text": text, **figures}
            log.write(json.dumps(entry) + "\n")

    def describe_data(self, train: int, held: int, clips: int) -> None:
        """Notes for the model card: numbers of shards and of the clips they come from."""
        self.notes = {"shards": train, "heldOutShards": held, "clips": clips, "seed": self.arguments.seed}

    @property
    def progress(self) -> float:
        """Share of the run that is behind it, 0..1."""
        if self.arguments.steps:
            return self.step / self.arguments.steps
        return self.minutes / self.arguments.minutes

    def _update(self, loss: Tensor) -> None:
        warm = min(1.0, (self.step + 1) / 60)
        factor = warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress))))
        for group, peak in zip(self.optimiser.param_groups, self.peaks):
            group["lr"] = peak * factor
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        # Integer activations make gradients of any size; what counts is a step much larger than its like.
        limit = 3 * self.norm if self.norm else math.inf
        norm = float(nn.utils.clip_grad_norm_(parameters, limit))
        if math.isfinite(norm):
            self.norm = norm if not self.norm else 0.98 * self.norm + 0.02 * min(norm, limit)
            self.optimiser.step()
        decay = min(0.998, (self.step + 1) / (self.step + 20))
        with torch.no_grad():
            averages = list(self.average.parameters())
            torch._foreach_lerp_(averages, [p.detach() for p in self.model.parameters()], 1 - decay)

    def loop(
        self,
        compute: Callable[[np.random.Generator], tuple[Tensor, float, float]],
        evaluate: Callable[[nn.Module], tuple[str, dict[str, float]]],
        unit: str,
    ) -> dict[str, float]:
        """Runs to the end. `compute` gives (loss, figure to show, samples seen); `evaluate` rates the averages."""
        started = last_save = time.monotonic()
        base, shown, count, window, first = self.minutes, 0.0, 0, 0.0, True
        last_evaluation = self.minutes
        window_start = started
        while self.progress < 1:
            loss, figure, samples = compute(self.generator)
            self._update(loss)
            self.step += 1
            self.samples += samples
            shown, count, window = shown + figure, count + 1, window + samples
            now = time.monotonic()
            self.minutes = base + (now - started) / 60
            due = 20 if first else 60
            if now - window_start > due or self.arguments.steps:
                rate = window / max(now - window_start, 1e-9)
                self.say(
                    f"step {self.step} {self.minutes:.1f} min: {shown / count:.5f}, {rate:.1f} {unit}/s",
                    figure=shown / count, rate=rate,
                )  # fmt: skip
                shown, count, window, first, window_start = 0.0, 0, 0.0, False, now
            if now - last_save > self.CHECKPOINT_SECONDS:
                self.save()
                last_save = now
            if self.minutes - last_evaluation > self.arguments.evaluate_every:
                with torch.no_grad():
                    text, self.figures = evaluate(self.average)
                self.say(f"evaluation at step {self.step}: {text}", **self.figures)
                last_evaluation = self.minutes = base + (time.monotonic() - started) / 60
                window_start = time.monotonic()
                window, shown, count = 0.0, 0.0, 0
        with torch.no_grad():
            text, self.figures = evaluate(self.average)
        self.save()
        self.say(f"finished, step {self.step}, {self.samples:.0f} {unit}: {text}", **self.figures)
        return self.figures
