"""The training loop: equivalences that must hold exactly, and what it refuses."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from caig_cli.engine.launch import check_kind, check_seen, relaunch
from caig_cli.engine.loop import StepFunction, StepOutput, TrainResult, make_accelerator, tracked, train
from caig_cli.engine.optim import OptimSection, learning_rate, step_size, total_steps
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import choose_device
from caig_cli.errors import RunError, UsageError
from caig_cli.recipe import Recipe


class DemoRecipe(Recipe):
    """Nothing of its own."""


class Stream:
    """``size`` rows per micro-batch; row k of the endless stream depends on k alone."""

    def __init__(self, size: int, rows: int = 48, spoil: frozenset[int] = frozenset()) -> None:
        self.size, self.rows, self.spoil = size, rows, spoil
        self.read: list[int] = []

    def __len__(self) -> int:
        return self.rows // self.size

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        self.read.append(index)
        rows = [self._row(index * self.size + k) for k in range(self.size)]
        inputs = torch.stack(rows)
        target = inputs.sum(1, keepdim=True).sin()
        return (inputs, target * math.inf if index in self.spoil else target)

    @staticmethod
    def _row(k: int) -> Tensor:
        return torch.randn(6, generator=torch.Generator().manual_seed(k))


def network(dropout: float = 0.0) -> nn.Sequential:
    torch.manual_seed(3)
    body = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Dropout(dropout), nn.LayerNorm(16), nn.Linear(16, 1))
    body.register_parameter(
        "spare", nn.Parameter(torch.ones(3))
    )  # as a vision tower's last layer: never used
    return body


def squared_error(model: nn.Module, batch: tuple[Tensor, Tensor]) -> StepOutput:
    inputs, target = batch
    error = (model(inputs) - target).square().sum()
    return StepOutput(error, len(inputs), {"abs": error.detach().sqrt()})


def fit(
    path: Path,
    model: nn.Module,
    batches: Any,
    step: StepFunction = squared_error,
    *,
    resume: bool = False,
    dtype: str = "fp32",
    **options: Any,
) -> TrainResult:
    optim = OptimSection(
        **{"learning_rate": 0.01, "steps": 12, "log_every": 1, "checkpoint_every": 4} | options
    )
    with RunDir.open(path, "demo", DemoRecipe(), resume=resume) as run:
        return train(
            model, batches, step, optim, seed=5,
            accelerator=make_accelerator(choose_device("cpu", dtype)), run=run, report=SilentReporter(),
        )  # fmt: skip


def weights(model: nn.Module) -> Mapping[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def rows(path: Path) -> list[dict[str, Any]]:
    from caig_cli.engine.files import read_lines

    return [{k: v for k, v in row.items() if k != "seconds"} for row in read_lines(path / "metrics.jsonl")]


def test_it_learns(tmp_path: Path) -> None:
    result = fit(tmp_path / "run", network(), Stream(8), steps=150, learning_rate=0.03)
    figures = rows(tmp_path / "run")
    assert result.complete and result.steps == 150
    assert figures[-1]["loss"] < 0.5 * figures[0]["loss"]


def test_a_batch_of_four_equals_four_of_one(tmp_path: Path) -> None:
    whole, split = network(), network()
    fit(tmp_path / "whole", whole, Stream(4))
    fit(tmp_path / "split", split, Stream(1), grad_accumulation=4)
    for name, tensor in weights(whole).items():
        torch.testing.assert_close(tensor, split.state_dict()[name], rtol=1e-5, atol=1e-6)


def test_weights_are_counted_not_averaged(tmp_path: Path) -> None:
    """Micro-batches of one and of three rows: the gradient is that of the four rows together."""

    class Uneven(Stream):
        def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
            four = super().__getitem__(index // 2)
            return (four[0][:1], four[1][:1]) if index % 2 == 0 else (four[0][1:], four[1][1:])

    whole, uneven = network(), network()
    fit(tmp_path / "whole", whole, Stream(4))
    fit(tmp_path / "uneven", uneven, Uneven(4), grad_accumulation=2)
    for name, tensor in weights(whole).items():
        torch.testing.assert_close(tensor, uneven.state_dict()[name], rtol=1e-5, atol=1e-6)


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
@pytest.mark.parametrize("after", [1, 4, 6, 11])
def test_resumed_equals_uninterrupted(tmp_path: Path, after: int, dtype: str) -> None:
    """Bit by bit, with dropout, whenever the kill came."""
    whole = network(dropout=0.3)
    fit(tmp_path / "whole", whole, Stream(4), dtype=dtype)

    class Mortal(Stream):
        def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
            if index == after:
                raise Killed
            return super().__getitem__(index)

    with pytest.raises(Killed):
        fit(tmp_path / "run", network(dropout=0.3), Mortal(4), dtype=dtype)
    resumed = network(dropout=0.3)
    result = fit(tmp_path / "run", resumed, Stream(4), resume=True, dtype=dtype)
    assert result.steps == 12
    assert all(torch.equal(t, resumed.state_dict()[n]) for n, t in weights(whole).items())
    assert rows(tmp_path / "run") == rows(tmp_path / "whole")


@pytest.mark.parametrize(
    "kept", [(), ("weights.safetensors",), ("weights.safetensors", "optimizer.safetensors")]
)
def test_a_kill_while_the_first_checkpoint_is_written_loses_only_steps(
    tmp_path: Path, kept: tuple[str, ...]
) -> None:
    whole, resumed = network(dropout=0.3), network(dropout=0.3)
    fit(tmp_path / "whole", whole, Stream(4))
    fit(tmp_path / "run", network(dropout=0.3), Stream(4))
    first, *later = sorted((tmp_path / "run/checkpoints").iterdir())
    for folder in later:
        shutil.rmtree(folder)
    for path in first.iterdir():
        if path.name not in kept:
            path.unlink()
    fit(tmp_path / "run", resumed, Stream(4), resume=True)
    assert all(torch.equal(t, resumed.state_dict()[n]) for n, t in weights(whole).items())
    assert rows(tmp_path / "run") == rows(tmp_path / "whole")


def test_a_complete_run_resumes_to_itself(tmp_path: Path) -> None:
    first, again, stream = network(), network(), Stream(4)
    fit(tmp_path / "run", first, Stream(4))
    fit(tmp_path / "run", again, stream, resume=True)
    assert stream.read == []
    assert all(torch.equal(t, again.state_dict()[n]) for n, t in weights(first).items())


def test_checkpoints_are_few_and_ours(tmp_path: Path) -> None:
    fit(tmp_path / "run", network(), Stream(4))
    found = sorted(
        p.relative_to(tmp_path / "run/checkpoints").as_posix() for p in tmp_path.rglob("checkpoints/*/*")
    )
    files = ("optimizer.safetensors", "state.json", "weights.safetensors")
    assert found == [f"step-{step:08d}/{name}" for step in (8, 12) for name in files]


def test_a_non_finite_step_changes_nothing(tmp_path: Path) -> None:
    model = network()
    seen: list[Mapping[str, Tensor]] = []

    def spy(model_: nn.Module, batch: tuple[Tensor, Tensor]) -> StepOutput:
        seen.append(weights(model_))
        return squared_error(model_, batch)

    result = fit(tmp_path / "run", model, Stream(4, spoil=frozenset({5})), spy)
    assert result.refused == 1
    assert all(torch.equal(seen[5][n], seen[6][n]) for n in seen[5])
    assert not all(torch.equal(seen[6][n], seen[7][n]) for n in seen[6])
    assert rows(tmp_path / "run")[5]["loss"] is None
    assert all(t.isfinite().all() for t in weights(model).values())


def test_a_run_that_stays_non_finite_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="20 steps in a row"):
        fit(tmp_path / "run", network(), Stream(4, spoil=frozenset(range(100))), steps=50)


def test_a_last_step_that_is_not_finite_fails_the_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"last step \(12\) had a loss or gradient that is not finite"):
        fit(tmp_path / "run", network(), Stream(4, spoil=frozenset({11})))
    assert not (tmp_path / "run/checkpoints/step-00000012").exists()


def test_weights_or_figures_that_are_not_finite_fail_the_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"weights after step 1: .* is not finite"):
        fit(tmp_path / "weights", network(), Stream(4), learning_rate=1e39, steps=1)
    optim = OptimSection(learning_rate=0.01, steps=2)
    with RunDir.open(tmp_path / "figures", "demo", DemoRecipe()) as run, pytest.raises(RunError) as error:
        train(
            network(), Stream(4), squared_error, optim, seed=5, evaluate=lambda model: {"error": math.inf},
            accelerator=make_accelerator(choose_device("cpu", "fp32")), run=run, report=SilentReporter(),
        )  # fmt: skip
    assert "evaluation after step 2: error is not finite" in str(error.value)


def test_what_a_step_learns_from_is_reported() -> None:
    optim = OptimSection(grad_accumulation=2, learning_rate=2e-5)
    assert step_size(OptimSection(), 1, "64 pairs") == "an optimiser step is 64 pairs"
    assert step_size(optim, 4, "8 pairs") == (
        "an optimiser step is 8 pairs x 2 micro-batches x 4 processes, at a learning rate of 2e-05 "
        "whatever their number"
    )


def test_time_budget_stops_with_a_checkpoint(tmp_path: Path) -> None:
    result = fit(tmp_path / "run", network(), Stream(4), max_minutes=1e-9)
    assert (result.steps, result.complete) == (1, False)
    whole, resumed = network(), network()
    fit(tmp_path / "whole", whole, Stream(4))
    assert fit(tmp_path / "run", resumed, Stream(4), resume=True).complete
    assert all(torch.equal(t, resumed.state_dict()[n]) for n, t in weights(whole).items())


def test_clipping_bounds_the_update(tmp_path: Path) -> None:
    """The norm before clipping is logged; the clipped gradient has the asked one."""
    model = network()
    fit(tmp_path / "run", model, Stream(4), max_grad_norm=0.001, steps=1)
    assert rows(tmp_path / "run")[0]["grad_norm"] > 0.001
    assert rows(tmp_path / "run")[0]["abs"] > 0


def test_evaluation_is_logged_and_leaves_no_trace(tmp_path: Path) -> None:
    plain, watched = network(dropout=0.2), network(dropout=0.2)
    fit(tmp_path / "plain", plain, Stream(4))

    def evaluate(model: nn.Module) -> dict[str, float]:
        assert not model.training and not torch.is_grad_enabled()
        return {"noise": float(torch.rand(()))}

    optim = OptimSection(learning_rate=0.01, steps=12, log_every=5, evaluate_every=6)
    with RunDir.open(tmp_path / "watched", "demo", DemoRecipe()) as run:
        result = train(
            watched, Stream(4), squared_error, optim, seed=5, evaluate=evaluate,
            accelerator=make_accelerator(choose_device("cpu", "fp32")), run=run, report=SilentReporter(),
        )  # fmt: skip
    assert set(result.evaluation) == {"noise"}
    assert [row["step"] for row in rows(tmp_path / "watched")] == [5, 6, 10, 12]
    assert all(torch.equal(t, watched.state_dict()[n]) for n, t in weights(plain).items())


def test_gradient_checkpointing_gives_the_same_network(tmp_path: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    def language_model() -> LlamaForCausalLM:
        torch.manual_seed(1)
        size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
        return LlamaForCausalLM(LlamaConfig(vocab_size=20, use_cache=False, **size))

    class Tokens:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> Tensor:
            return torch.randint(0, 20, (2, 9), generator=torch.Generator().manual_seed(index))

    def step(model: nn.Module, ids: Tensor) -> StepOutput:
        loss = model(input_ids=ids, labels=ids).loss
        return StepOutput(loss * ids.numel(), ids.numel())

    plain, saving = language_model(), language_model()
    fit(tmp_path / "plain", plain, Tokens(), step, steps=3)
    fit(tmp_path / "saving", saving, Tokens(), step, steps=3, gradient_checkpointing=True)
    for name, tensor in weights(plain).items():
        torch.testing.assert_close(tensor, saving.state_dict()[name], rtol=1e-5, atol=1e-6)


def test_schedules_on_paper() -> None:
    linear = OptimSection(learning_rate=1.0, schedule="linear", warmup=0.2)
    assert [learning_rate(linear, s, 10) for s in (0, 1, 2, 6)] == [0.5, 1.0, 1.0, 0.5]
    cosine = OptimSection(learning_rate=1.0, warmup=0.0, min_lr_ratio=0.1)
    assert learning_rate(cosine, 0, 10) == 1.0
    assert learning_rate(cosine, 5, 10) == pytest.approx(0.55)
    assert learning_rate(cosine, 10, 10) == pytest.approx(0.1)
    assert learning_rate(OptimSection(learning_rate=1.0, schedule="constant", warmup=0.0), 7, 10) == 1.0


def test_total_steps() -> None:
    assert total_steps(OptimSection(epochs=2, grad_accumulation=4), 10) == 5
    assert total_steps(OptimSection(epochs=1, grad_accumulation=4), 10, processes=2) == 2
    assert total_steps(OptimSection(steps=7), 10) == 7


def test_two_processes_equal_one(tmp_path: Path) -> None:
    """The stream is dealt to the processes; a step's gradient is that of all their rows together.

    They are killed on the way and go on, and the second does not see the disk of the first.
    """
    alone = network()
    fit(tmp_path / "alone", alone, Stream(4))
    script = (
        "import os, sys, torch; from pathlib import Path; sys.path[:0] = sys.argv[2:]\n"
        "from test_loop import Killed, Stream, fit, network\n"
        "class Mortal(Stream):\n"
        "    def __getitem__(self, index):\n"
        "        if index >= 12: raise Killed\n"
        "        return super().__getitem__(index)\n"
        "folder = Path(sys.argv[1] if os.environ['RANK'] == '0' else sys.argv[1] + '/not/there')\n"
        "try: fit(folder, network(), Mortal(2)); raise SystemExit('not killed')\n"
        "except Killed: pass\n"
        "model = network(); fit(folder, model, Stream(2), resume=True)\n"
        "from caig_cli.engine import launch; import torch.distributed as d\n"
        "d.get_rank() or torch.save(model.state_dict(), sys.argv[1] + '/model.pt')\n"
        "launch.leave()\n"
    )
    here = Path(__file__).parent
    command = [sys.executable, "-c", script, str(tmp_path / "both"), str(here), str(here.parents[1])]
    assert relaunch(2, command) == 0
    both = torch.load(tmp_path / "both/model.pt", weights_only=True)
    for name, tensor in weights(alone).items():
        torch.testing.assert_close(tensor, both[name], rtol=1e-5, atol=1e-6)
    figures = [[row["loss"] for row in rows(tmp_path / name)] for name in ("alone", "both")]
    assert figures[0] == pytest.approx(figures[1], rel=1e-4)


def test_a_failed_process_stops_the_others() -> None:
    script = "import os, sys, time; os.environ['RANK'] == '1' and sys.exit(2); time.sleep(60)"
    assert relaunch(2, [sys.executable, "-c", script]) == 2


def test_an_evaluation_may_end_training_and_a_resumed_run_ends_there_too(tmp_path: Path) -> None:
    """The network moves until its first weight has gone far enough: at the same step, killed or not."""
    model, seen = network(), []

    def moved(now: nn.Module) -> dict[str, float]:
        distance = float((now.state_dict()["0.weight"] - network().state_dict()["0.weight"]).norm())
        seen.append(distance)
        return {"moved": distance}

    for resume in (False, True):
        with RunDir.open(tmp_path / "run", "demo", DemoRecipe(), resume=resume) as run:
            result = train(
                model, Stream(8), squared_error, OptimSection(learning_rate=0.03, steps=40, evaluate_every=2),
                seed=5, accelerator=make_accelerator(choose_device("cpu", "fp32")), run=run,
                report=SilentReporter(), evaluate=moved, stop_when=lambda figures: figures["moved"] > 0.9,
            )  # fmt: skip
        assert result.complete and 2 < result.steps < 40 and (resume or seen[-2] < 0.9 < seen[-1])
        assert result.evaluation["moved"] > 0.9


def test_launches_that_promise_another_parallelism_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UsageError, match="FSDP is not used: each process holds the whole model"):
        check_kind("MULTI_CPU")
    monkeypatch.delenv("ACCELERATE_USE_FSDP")
    check_kind("MULTI_GPU")
    with pytest.raises(UsageError, match="DEEPSPEED is not used"):
        check_kind("DEEPSPEED")


def test_processes_that_would_train_alone_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by srun or mpirun, which tell torch nothing of each other."""
    check_seen(1)
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    check_seen(4)
    with pytest.raises(UsageError, match="SLURM_STEP_NUM_TASKS=4, but this process sees none"):
        make_accelerator(choose_device("cpu", "fp32"))


def test_a_tracker_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    class Closed:
        log_with = ("wandb",)
        project_dir = str(tmp_path)

        def init_trackers(self, project: str, facts: object, options: Mapping[str, object]) -> None:
            assert options["dvclive"]["dir"].startswith(str(tmp_path))  # type: ignore[index]
            raise ValueError("no\nlogin")

    refused = pytest.raises(UsageError, match=r"tracker wandb: cannot be opened \(no login\)")
    with refused, tracked(cast("Any", Closed()), "caig", {}):
        pass
