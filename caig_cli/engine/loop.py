"""The training loop. It knows no loss and no data: it turns (sum of losses, weight) into steps.

The gradient of a step is the sum of its losses over all micro-batches and processes, divided by the
sum of their weights; so one batch of four equals four of one, whatever the lengths. A step with a
non-finite loss or gradient changes nothing. Every step seeds itself from (seed, step, rank) and every
micro-batch is a function of its index, so a resumed run repeats an uninterrupted one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.tracking import get_available_trackers
from accelerate.utils import broadcast, broadcast_object_list
from torch import Tensor, nn

from caig_cli.data.images import shown
from caig_cli.engine import launch
from caig_cli.engine.checkpoint import load_checkpoint, save_checkpoint
from caig_cli.engine.finite import REMEDY, check_figures, check_tensors
from caig_cli.engine.optim import OptimSection, learning_rate, make_optimizer, step_size, total_steps
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import Runtime, derive_seed, seed_everything
from caig_cli.errors import RunError, UsageError

MAX_REFUSED = 20
"""Non-finite steps in a row after which a run is given up (fp16 needs a few to find its scale)."""


class StepOutput(NamedTuple):
    """What a step function says of one micro-batch."""

    loss_sum: Tensor
    """Scalar: the loss summed over ``weight`` tokens or pairs."""

    weight: float
    """How many tokens or pairs ``loss_sum`` sums over."""

    figures: Mapping[str, Tensor | float] = {}
    """Other figures to log, as sums over the same tokens or pairs."""


class Batches(Protocol):
    """An endless stream of micro-batches with random access."""

    def __len__(self) -> int:
        """Micro-batches per epoch."""

    def __getitem__(self, index: int) -> Any:
        """The micro-batch at ``index`` >= 0 of the stream; must depend on nothing but the index."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a training run ended."""

    steps: int
    total: int
    refused: int
    seconds: float
    evaluation: Mapping[str, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """False when the time budget ended it."""
        return self.steps >= self.total


StepFunction = Callable[[nn.Module, Any], StepOutput]
Evaluate = Callable[[nn.Module], Mapping[str, float]]
StopWhen = Callable[[Mapping[str, float]], bool]


def make_accelerator(runtime: Runtime, tracker: str | None = None, folder: Path | None = None) -> Accelerator:
    """The accelerator for a runtime: autocast to its precision, weights as they are.

    ``tracker`` is an experiment tracker that may write to ``folder``. Raises UsageError where it is missing.
    """
    if tracker is not None and tracker not in {str(name) for name in get_available_trackers()}:
        raise UsageError(f"tracker {tracker} is not installed; pip install it, or leave it out of the recipe")
    if runtime.device.type == "cuda" and runtime.device.index is not None:
        torch.cuda.set_device(runtime.device)
    # The state is a process-wide singleton and would refuse a second stage with another precision.
    AcceleratorState._reset_state()
    precision = {torch.float32: "no", torch.bfloat16: "bf16", torch.float16: "fp16"}[runtime.dtype]
    accelerator = Accelerator(
        cpu=runtime.device.type == "cpu", mixed_precision=precision, log_with=tracker, project_dir=folder
    )
    launch.check_seen(accelerator.num_processes)
    launch.check_kind(str(accelerator.distributed_type.value))
    return accelerator


@contextmanager
def tracked(accelerator: Accelerator, project: str, facts: Mapping[str, str]) -> Iterator[bool]:
    """Open the accelerator's tracker, if it has one, and close it after the block; says whether it has.

    Raises UsageError where it cannot be opened, as without a login.
    """
    if not accelerator.log_with:
        yield False
        return
    try:
        accelerator.init_trackers(project, dict(facts), _tracker_options(accelerator.project_dir))
    except Exception as error:  # of packages of many makers
        reason = shown(" ".join(str(error).split())[:200]) or "no reason given"
        names = ", ".join(str(getattr(one, "value", one)) for one in accelerator.log_with)
        raise UsageError(
            f"tracker {names}: cannot be opened ({reason}); set it up, or leave it out of the recipe"
        ) from None
    try:
        yield True
    finally:
        # Not end_training: that would end the process group, too, and another model may be trained yet.
        for tracker in accelerator.trackers:
            tracker.finish()


def _tracker_options(folder: str | None) -> dict[str, dict[str, object]]:
    """Where trackers write: DVCLive into the run's folder, without commits of its own."""
    if folder is None:
        return {}
    live = {"dir": str(Path(folder) / "dvclive"), "save_dvc_exp": False, "dvcyaml": None, "resume": True}
    return {"dvclive": live}


def train(
    model: nn.Module, batches: Batches, step_fn: StepFunction, optim: OptimSection, *, seed: int,
    accelerator: Accelerator, run: RunDir, report: Reporter, evaluate: Evaluate | None = None, unit: str = "",
    track: bool = False, stop_when: StopWhen | None = None,
) -> TrainResult:  # fmt: skip
    """Train ``model`` in place, from the run's newest checkpoint if it has one.

    ``evaluate`` gets the model in eval mode, without gradients, every ``evaluate_every`` steps and
    at the end; its figures are logged as ``eval_...``. ``unit`` says what a micro-batch holds, such as
    ``8 pairs``; with ``track`` the accelerator's tracker gets what is logged. Training is complete when
    ``stop_when`` says so of an evaluation's figures. Raises RunError when 20 steps in a row, the last step or
    its result are not finite.
    """
    report.info(step_size(optim, accelerator.num_processes, unit))
    total = total_steps(optim, len(batches), accelerator.num_processes)
    _prepare(model, optim, accelerator)
    optimizer = make_optimizer(model, optim)
    facts = _continued(run, model, optimizer, report, accelerator)
    stepper = _Stepper(model, optimizer, step_fn, optim, accelerator)
    stepper.restore(facts)
    clock = _Clock(facts["seconds"], optim.max_minutes)
    first = int(facts["step"])
    total = first if facts.get("ended") else total
    evaluation, ended = dict[str, float](), dict[str, bool]()
    if first >= total:
        evaluation = evaluated(model, evaluate, accelerator) if evaluate is not None else evaluation
        _check_end(stepper, evaluation, first)
    if first:
        report.info(f"continuing after step {first} of {total}")
    run.rewind_metrics(first)

    with report.progress("training", total) as bar, run.timed("training"):
        bar.advance(first)
        step = first
        for group in _groups(batches, first, total, optim.grad_accumulation, accelerator):
            seed_everything(derive_seed(seed, "step", step, accelerator.process_index))
            values = stepper.step(group, learning_rate(optim, step, total), clock.is_over())
            step, plain = step + 1, len(values)
            last = step == total or stepper.stop
            if evaluate is not None and (last or (optim.evaluate_every and step % optim.evaluate_every == 0)):
                evaluation = evaluated(model, evaluate, accelerator)
                values |= {f"eval_{name}": value for name, value in evaluation.items()}
                report.metrics(step, values)
                if stop_when is not None and not last and stop_when(evaluation):
                    total, last, ended = step, True, {"ended": True}
            if last:
                _check_end(stepper, evaluation, step)
            if last or step % optim.log_every == 0 or len(values) > plain:
                run.metrics(step, values | {"seconds": clock.seconds})
                if track:
                    accelerator.log({k: v for k, v in values.items() if math.isfinite(v)}, step=step)
            if last or step % optim.checkpoint_every == 0:
                facts = {"seconds": clock.seconds, **stepper.state(), **ended}
                save_checkpoint(run, model, optimizer, step, facts)
            bar.advance(1, loss=values["loss"], lr=values["lr"])
            if last:
                break
    if step < total:
        report.warn(f"time is up after step {step} of {total}; --resume continues")
    return TrainResult(step, total, stepper.refused, clock.seconds, evaluation)


def _prepare(model: nn.Module, optim: OptimSection, accelerator: Accelerator) -> None:
    """Have the model on its device, with activations recomputed where that is asked."""
    if optim.gradient_checkpointing:
        # Older transformers know it by the second name only.
        enable: Any = (
            getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
        )
        enable()
    if not getattr(model, "is_quantized", False):
        model.to(accelerator.device)


def _check_end(stepper: _Stepper, evaluation: Mapping[str, float], step: int) -> None:
    """Raises RunError where the last step or what came of it is not finite."""
    stepper.check(step)
    check_figures(evaluation, f"evaluation after step {step}")


def _continued(
    run: RunDir,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    report: Reporter,
    accelerator: Accelerator,
) -> dict[str, Any]:
    """The facts of the checkpoint that training goes on from, which model and optimiser then hold.

    The main process reads it and tells the others, which may be on machines that do not see its disk.
    """
    facts: dict[str, Any] | None = None
    if accelerator.is_main_process:
        facts = load_checkpoint(run, model, optimizer, report)
    if accelerator.num_processes > 1:
        facts = broadcast_object_list([facts])[0]
        if facts is not None:
            for buffer in model.buffers():
                buffer.copy_(broadcast(buffer))
            state = broadcast_object_list([optimizer.state_dict() if accelerator.is_main_process else None])[
                0
            ]
            if not accelerator.is_main_process:
                optimizer.load_state_dict(state)
    return facts or {"step": 0, "seconds": 0.0, "refused": 0}


class _Stepper:
    """One optimiser step: forward and backward over a group of micro-batches, check, update."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        step_fn: StepFunction,
        optim: OptimSection,
        accelerator: Accelerator,
    ) -> None:
        # The model is not wrapped: gradients are summed here, so that a network may have parts that a
        # batch does not use, and a step function may call its parts.
        self.model, self.optimizer = model.train(), accelerator.prepare(optimizer)
        self.trainable = [p for p in model.parameters() if p.requires_grad]
        for parameter in self.trainable:
            parameter.data.copy_(broadcast(parameter.data))
        self.step_fn, self.max_grad_norm, self.accelerator = (
            step_fn,
            optim.max_grad_norm or math.inf,
            accelerator,
        )
        self.refused = self.refused_in_row = 0
        self.stop = False

    def step(self, group: Sequence[Any], lr: float, time_is_up: bool) -> dict[str, float]:
        """Returns the step's figures; ``stop`` is set when time is up in any process."""
        sums = self._backward(group)
        sums["time_is_up"] = torch.tensor(float(time_is_up), device=self.accelerator.device)
        names = list(sums)
        totals = self.accelerator.reduce(torch.stack([sums[name] for name in names])).tolist()
        sum_of = dict(zip(names, totals, strict=True))
        self.stop = sum_of.pop("time_is_up") > 0
        weight = sum_of.pop("weight")
        values = {name: total / weight if weight else math.nan for name, total in sum_of.items()}
        norm = self._scaled_norm(weight)
        if math.isfinite(values["loss"]) and math.isfinite(norm):
            self._update(lr)
        else:
            self._refuse()
        return {**values, "lr": lr, "grad_norm": norm, "refused": float(self.refused)}

    def _backward(self, group: Sequence[Any]) -> dict[str, Tensor]:
        """Accumulate gradients of the summed losses; returns the sums of losses, weights and figures."""
        sums: dict[str, Tensor] = {}
        for batch in group:
            with self.accelerator.autocast():
                output = self.step_fn(self.model, batch)
            self.accelerator.backward(output.loss_sum)
            figures = {"loss": output.loss_sum, "weight": output.weight, **output.figures}
            for name, value in figures.items():
                value = torch.as_tensor(value, device=self.accelerator.device, dtype=torch.float32).detach()
                sums[name] = sums[name] + value if name in sums else value
        return sums

    def _scaled_norm(self, weight: float) -> float:
        """Turn the summed gradients into means, clip them and return their norm before clipping."""
        self._sum_over_processes()
        if self.accelerator.scaler is not None:
            self.accelerator.unscale_gradients(self.optimizer)
        for parameter in self.trainable:
            if parameter.grad is not None:
                parameter.grad.mul_(1.0 / weight if weight else math.nan)
        return float(nn.utils.clip_grad_norm_(self.trainable, self.max_grad_norm))

    def _sum_over_processes(self) -> None:
        """Give every process the sum of all gradients; what no process used stays without one."""
        if self.accelerator.num_processes == 1:
            return
        used = torch.tensor(
            [float(p.grad is not None) for p in self.trainable], device=self.accelerator.device
        )
        users = self.accelerator.reduce(used).tolist()
        shared = [p for p, count in zip(self.trainable, users, strict=True) if count]
        parts = [(torch.zeros_like(p) if p.grad is None else p.grad).float().flatten() for p in shared]
        total = self.accelerator.reduce(torch.cat(parts))
        for parameter, part in zip(shared, total.split([p.numel() for p in shared]), strict=True):
            parameter.grad = part.view_as(parameter).to(parameter.dtype)

    def _update(self, lr: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.refused_in_row = 0

    def _refuse(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        if self.accelerator.scaler is not None:
            self.accelerator.scaler.update()
        self.refused += 1
        self.refused_in_row += 1
        if self.refused_in_row >= MAX_REFUSED:
            raise RunError(
                f"{MAX_REFUSED} steps in a row had a loss or gradient that is not finite; {REMEDY}"
            )

    def check(self, step: int) -> None:
        """Raises RunError where the step just made, or the weights after it, are not finite."""
        # A scaler's overflow shrinks its scale and leaves the weights alone: it is no fault of the result.
        refused = self.refused_in_row > 0 and self.accelerator.scaler is None
        if refused:
            raise RunError(f"the last step ({step}) had a loss or gradient that is not finite; {REMEDY}")
        trained = ((name, p) for name, p in self.model.named_parameters() if p.requires_grad)
        check_tensors(trained, f"weights after step {step}")

    def state(self) -> dict[str, Any]:
        scaler = self.accelerator.scaler
        return {"refused": self.refused, "scaler": scaler.state_dict() if scaler is not None else None}

    def restore(self, facts: Mapping[str, Any]) -> None:
        self.refused = int(facts["refused"])
        if self.accelerator.scaler is not None and facts.get("scaler"):
            self.accelerator.scaler.load_state_dict(facts["scaler"])


class _Clock:
    """Training time, that of earlier attempts included, against the budget."""

    def __init__(self, before: float, max_minutes: float | None) -> None:
        self._zero = time.monotonic() - before
        self._budget = math.inf if max_minutes is None else max_minutes * 60.0

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._zero, 3)

    def is_over(self) -> bool:
        return self.seconds >= self._budget


def _groups(
    batches: Batches, first: int, total: int, grad_accumulation: int, accelerator: Accelerator
) -> Iterator[list[Any]]:
    """This process's micro-batches of each step, read one step ahead by a thread.

    The stream is dealt to the processes like cards, so their number does not change a step's data.
    """
    processes, rank = accelerator.num_processes, accelerator.process_index

    def read(step: int) -> list[Any]:
        start = step * grad_accumulation * processes
        return [batches[start + number * processes + rank] for number in range(grad_accumulation)]

    with ThreadPoolExecutor(max_workers=1) as reader:
        ahead = reader.submit(read, first) if first < total else None
        for step in range(first, total):
            assert ahead is not None
            group = ahead.result()
            ahead = reader.submit(read, step + 1) if step + 1 < total else None
            yield group


def evaluated(model: nn.Module, evaluate: Evaluate, accelerator: Accelerator) -> dict[str, float]:
    """Evaluate as ``train`` does, in eval mode and the same precision; the model is left in training mode."""
    model.eval()
    try:
        with torch.no_grad(), accelerator.autocast():
            return dict(evaluate(model))
    finally:
        model.train()
