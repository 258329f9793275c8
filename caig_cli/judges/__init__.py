"""Judges of ads: whoever says which of two is clicked more.

Adding a kind is adding a row of ``JUDGES``, here or by an entry point of another package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from caig_cli.engine.hub_name import HubName
from caig_cli.engine.runtime import Runtime
from caig_cli.engine.sources import describe
from caig_cli.errors import UsageError
from caig_cli.judges.config import ApiSection
from caig_cli.records import Failure, Pair, Verdict
from caig_cli.tables import PluginTable

if TYPE_CHECKING:
    from caig_cli.engine.memory_plan import Phase
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.run_dir import RunDir

TRAINED = ("embedded", "heldout")
"""Names of the trained judges that are shipped."""
NOT_SHIPPED = ("vam", "cg4ctr")
"""Names that the paper's baselines go by; their weights are the user's own."""


class PairJudge(Protocol):
    """Says of pairs which ad is clicked more. ``simulated``: it learnt that on the simulated market.

    Judges that were trained may have ``log``: the begin of the SHA-256 of the pairs file that they learnt.
    """

    @property
    def name(self) -> str: ...

    @property
    def simulated(self) -> bool: ...

    def judge(self, pairs: Sequence[Pair]) -> Sequence[Verdict | Failure]:
        """One verdict per pair, both orders looked at. Raises ItemError when one of the pairs is unusable."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What judges are opened with. ``trained`` maps names to folders that ``caig train-rm`` made."""

    seed: int
    runtime: Callable[[], Runtime]
    trained: Mapping[str, Path]
    api: ApiSection


@dataclass(frozen=True, slots=True)
class JudgeKind:
    """A row of the table: what opens a judge of a kind, and what stages ask before that.

    ``open``: (argument, setting, run folder) -> judge, where the argument is what stands after ``kind:``.
    ``describe``: (argument, setting, pairs) -> what opening and asking would take; raises UsageError as
    opening does. ``usage``: how the judge is named, its kind where that is all; ``default``: its argument
    where none is given, None where one is needed. ``models``: those that it opens, by its argument.
    ``memory``: (argument, runtime, pairs, batch) -> what it needs on the device. ``costs``: what its answers
    took, by its name, from the run folder.
    """

    open: Callable[[str, Setting, RunDir], PairJudge]
    describe: Callable[[str, Setting, int], str]
    usage: str = ""
    takes_argument: bool = False
    default: str | None = None
    models: Callable[[str], Mapping[str, Check | None]] = lambda _: {}
    memory: Callable[[str, Runtime, Sequence[Pair], int], Phase] | None = None
    costs: Callable[[str, Setting, RunDir], Mapping[str, Any]] | None = None


def open_judge(spec: str, setting: Setting, run: RunDir) -> PairJudge:
    """The judge of a ``kind``, ``kind:model``, name or folder; ``run`` keeps what its answers cost.

    Raises UsageError when there is no such judge or its weights or key are missing.
    """
    kind, argument = parse(spec, setting.trained)
    return JUDGES[kind].open(argument, setting, run)


def check(spec: str, setting: Setting, pairs: int) -> str:
    """What opening and asking the judge would take, without doing it. Raises UsageError as opening does."""
    kind, argument = parse(spec, setting.trained)
    return JUDGES[kind].describe(argument, setting, pairs)


def memory(
    names: Sequence[str], trained: Mapping[str, Path], runtime: Runtime, pairs: Sequence[Pair], batch: int
) -> Iterator[Phase]:
    """A phase for each judge that is a model on this machine, asked about ``batch`` of the pairs at once."""
    for name in names:
        kind, source = parse(name, trained)
        if (plan := JUDGES[kind].memory) is not None:
            yield replace(plan(source, runtime, pairs, min(batch, len(pairs))), name=f"judge {name}")


def parse(spec: str, trained: Mapping[str, Path]) -> tuple[str, str]:
    """``api:gpt-4o`` as (kind, argument). Raises UsageError, which names the known kinds."""
    if spec in trained:
        return "trained", str(trained[spec])
    if spec in TRAINED or (spec and Path(spec).is_dir()) or HubName.parse(spec) is not None:
        return "trained", spec
    kind, colon, argument = spec.partition(":")
    if kind in JUDGES and (found := _argument(JUDGES[kind], argument, has_colon=bool(colon))) is not None:
        return kind, found
    if spec in NOT_SHIPPED:
        todo = f"name the folder that caig train-rm made, as in --set eval_rm.trained.{spec}=FOLDER"
        raise UsageError(f"judge {spec}: no weights are shipped; {todo}")
    kinds = [JUDGES[name].usage or name for name in JUDGES.names() if name != "trained"]
    known = ", ".join([*TRAINED, *NOT_SHIPPED, *trained, *kinds])
    raise UsageError(f"judge {spec!r}: no such judge or folder; known: {known}, or a folder of caig train-rm")


def kind_of(source: str) -> str:
    """The row of a judge of previews or preferences: ``trained`` unless another kind's name is given."""
    kind, colon, argument = source.partition(":")
    if kind not in JUDGES or kind == "trained" or Path(source).is_dir():
        return "trained"
    return "trained" if _argument(JUDGES[kind], argument, has_colon=bool(colon)) is None else kind


def opened_models(source: str) -> Mapping[str, Check | None]:
    """The models that a judge of previews or preferences opens, and how their folders are checked."""
    kind = kind_of(source)
    return JUDGES[kind].models(source if kind == "trained" else parse(source, {})[1])


def _argument(row: JudgeKind, argument: str, *, has_colon: bool) -> str | None:
    """What a judge of a kind is opened with; None where it is named otherwise than ``usage`` says."""
    if not row.takes_argument:
        return None if has_colon else ""
    return argument or (None if has_colon else row.default)


# --- rows of the table: each imports what it needs when it is used -----------------------------------


def _random(argument: str, setting: Setting, run: RunDir) -> PairJudge:
    from caig_cli.judges.random_judge import RandomJudge

    return RandomJudge(setting.seed)


def _zero_shot(argument: str, setting: Setting, run: RunDir) -> PairJudge:
    from caig_cli.judges.zero_shot import ZeroShotJudge

    return ZeroShotJudge.load(argument, setting.runtime())


def _describe_zero_shot(argument: str, setting: Setting, pairs: int) -> str:
    from caig_cli.mllm import folders

    return f"untrained, {describe(argument, folders.locate)}"


def _zero_shot_memory(argument: str, runtime: Runtime, pairs: Sequence[Pair], batch: int) -> Phase:
    from caig_cli.judges.judge_memory import zero_shot_phase

    return zero_shot_phase(argument, runtime, pairs, batch)


def _api(argument: str, setting: Setting, run: RunDir) -> PairJudge:
    from caig_cli.judges.api import ApiJudge

    return ApiJudge.open(argument, setting.api, run)


def _describe_api(argument: str, setting: Setting, pairs: int) -> str:
    from caig_cli.judges.chat import endpoint

    minutes = 2 * pairs / setting.api.requests_per_minute
    return f"{2 * pairs} requests to {endpoint()[0]}, at least {minutes:.0f} minutes"


def _api_costs(name: str, setting: Setting, run: RunDir) -> Mapping[str, Any]:
    from caig_cli.judges.api import usage

    return usage(name, setting.api, run)


def _trained(argument: str, setting: Setting, run: RunDir) -> PairJudge:
    from caig_cli.rewards.judge import TrainedJudge

    judge: PairJudge = TrainedJudge.load(argument, setting.runtime())
    return judge


def _describe_trained(argument: str, setting: Setting, pairs: int) -> str:
    from caig_cli.rewards.folders import locate

    return f"trained, {describe(argument, locate)}"


def _trained_memory(argument: str, runtime: Runtime, pairs: Sequence[Pair], batch: int) -> Phase:
    from caig_cli.judges.judge_memory import trained_phase

    return trained_phase(argument, runtime, pairs, batch)


def _folder(argument: str) -> Mapping[str, Check | None]:
    from caig_cli.mllm.folders import check_folder

    return {argument: check_folder}


JUDGES: PluginTable[JudgeKind] = PluginTable(
    "caig.judges",
    JudgeKind,
    {
        "random": JudgeKind(_random, lambda _, setting, pairs: f"draws from seed {setting.seed}"),
        "zero-shot": JudgeKind(
            _zero_shot,
            _describe_zero_shot,
            usage="zero-shot[:MODEL]",
            takes_argument=True,
            default="embedded",
            models=_folder,
            memory=_zero_shot_memory,
        ),
        "api": JudgeKind(_api, _describe_api, usage="api:MODEL", takes_argument=True, costs=_api_costs),
        "trained": JudgeKind(
            _trained, _describe_trained, takes_argument=True, models=_folder, memory=_trained_memory
        ),
    },
)
