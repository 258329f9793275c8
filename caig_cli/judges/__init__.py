"""Judges of ads: whoever says which of two is clicked more. Adding a kind is adding a row of ``JUDGES``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from caig_cli.engine.hub_name import HubName
from caig_cli.engine.runtime import Runtime
from caig_cli.engine.sources import describe
from caig_cli.errors import UsageError
from caig_cli.judges.config import ApiSection
from caig_cli.records import Failure, Pair, Verdict

if TYPE_CHECKING:
    from caig_cli.engine.run_dir import RunDir

TRAINED = ("embedded", "heldout")
"""Names of the trained judges that are shipped."""


class PairJudge(Protocol):
    """Says of pairs which ad is clicked more. ``simulated``: it learnt that on the simulated market."""

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


def open_judge(spec: str, setting: Setting, run: RunDir) -> PairJudge:
    """The judge of a ``kind``, ``kind:model``, name or folder; ``run`` keeps what its answers cost.

    Raises UsageError when there is no such judge or its weights or key are missing.
    """
    kind, argument = parse(spec, setting.trained)
    return JUDGES[kind](argument, setting, run)


def check(spec: str, setting: Setting, pairs: int) -> str:
    """What opening and asking the judge would take, without doing it. Raises UsageError as opening does."""
    kind, argument = parse(spec, setting.trained)
    if kind == "random":
        return f"draws from seed {setting.seed}"
    if kind == "api":
        from caig_cli.judges.chat import endpoint

        minutes = 2 * pairs / setting.api.requests_per_minute
        return f"{2 * pairs} requests to {endpoint()[0]}, at least {minutes:.0f} minutes"
    if kind == "zero-shot":
        from caig_cli.mllm import folders

        return f"untrained, {describe(argument, folders.locate)}"
    from caig_cli.rewards.folders import locate

    return f"trained, {describe(argument, locate)}"


def parse(spec: str, trained: Mapping[str, Path]) -> tuple[str, str]:
    """``api:gpt-4o`` as (kind, argument). Raises UsageError, which names the known kinds."""
    kind, colon, argument = spec.partition(":")
    if spec in trained:
        return "trained", str(trained[spec])
    if spec in TRAINED or (spec and Path(spec).is_dir()) or HubName.parse(spec) is not None:
        return "trained", spec
    if kind == "api" and argument:
        return kind, argument
    if kind == "zero-shot" and (argument or not colon):
        return kind, argument or "embedded"
    if spec == "random":
        return spec, ""
    if spec in ("vam", "cg4ctr"):
        todo = f"name the folder that caig train-rm made, as in --set eval_rm.trained.{spec}=FOLDER"
        raise UsageError(f"judge {spec}: no weights are shipped; {todo}")
    named = "".join(f"{name}, " for name in trained)
    known = f"embedded, heldout, vam, cg4ctr, {named}random, zero-shot[:MODEL], api:MODEL"
    raise UsageError(f"judge {spec!r}: no such judge or folder; known: {known}, or a folder of caig train-rm")


def _random(argument: str, setting: Setting, run: RunDir) -> PairJudge:
    from caig_cli.judges.random_judge import RandomJudge

    return RandomJudge(setting.seed)


def _zero_shot(argument: str, setting: Setting, run: RunDir) -> PairJudge:
    from caig_cli.judges.zero_shot import ZeroShotJudge

    return ZeroShotJudge.load(argument, setting.runtime())


def _api(argument: str, setting: Setting, run: RunDir) -> PairJudge:
    from caig_cli.judges.api import ApiJudge

    return ApiJudge.open(argument, setting.api, run)


def _trained(argument: str, setting: Setting, run: RunDir) -> PairJudge:
    from caig_cli.rewards.judge import TrainedJudge

    judge: PairJudge = TrainedJudge.load(argument, setting.runtime())
    return judge


JUDGES: Mapping[str, Callable[[str, Setting, RunDir], PairJudge]] = {
    "random": _random,
    "zero-shot": _zero_shot,
    "api": _api,
    "trained": _trained,
}
"""What opens a judge of each kind: (argument, setting, run folder) -> judge."""
