"""``caig eval-rm``: how well do judges know which of two ads is clicked more?

Each judge sees every pair in both orders; verdicts are on disk batch by batch. On the simulated market a
choice earns q, the probability that its side is observed higher, so that no label noise is in the figures; on
real logs it earns the observed outcome, and the noise ceiling is estimated from posteriors.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from caig_cli.engine.optim import Count
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.runtime import derive_seed, use_threads
from caig_cli.errors import UsageError
from caig_cli.judges.config import ApiSection
from caig_cli.mllm.config import PlannedRecipe
from caig_cli.recipe import Section
from caig_cli.records import Failure, Pair

if TYPE_CHECKING:
    from caig_cli.engine.memory_plan import Phase
    from caig_cli.engine.model_folder import Check
    from caig_cli.engine.report import Reporter
    from caig_cli.engine.run_dir import RunDir
    from caig_cli.judge_metrics import Floats
    from caig_cli.judges import PairJudge, Setting
    from caig_cli.judges.eval_report import Result

EMBEDDED = "embedded"
EMBEDDED_TESTSET = Path(__file__).parents[1] / "embedded" / "testset" / "pairs.jsonl"
MEMORY_SAVERS = {"quantise": "nf4", "eval_rm.batch": 1}
"""Values that need less memory."""


class EvalRmSection(Section):
    """Whom to test, on what."""

    testset: Path = Path(EMBEDDED)
    """Pairs whose clicks are known: embedded (the shipped set), a file of caig pairs, or an official file."""

    judges: tuple[str, ...] = (EMBEDDED,)
    """Judges to test: embedded, heldout, random, zero-shot[:MODEL], api:MODEL, vam, cg4ctr, a folder of
    caig train-rm, or a kind that another package brings."""

    trained: dict[str, Path] = {}
    """Names for folders of caig train-rm, such as vam and cg4ctr."""

    images: Path | None = None
    """Folder that image paths start from; empty means the folder of the file."""

    allow_outside: bool = False
    """Accept images outside the folder of the file that names them."""

    limit: Count | None = None
    """Pairs to judge, at most, drawn by the seed; empty judges all."""

    batch: Count = 32
    """Pairs judged at once; a killed run judges this many again."""

    wrong_cases: Annotated[int, Field(ge=0, le=200)] = 12
    """Most confidently wrong pairs of each judge that the report shows as pictures."""


class EvalRmRecipe(PlannedRecipe):
    """Recipe of ``caig eval-rm``."""

    eval_rm: EvalRmSection = EvalRmSection()
    """Judges and test set."""

    api: ApiSection = ApiSection()
    """Judges behind a chat completions endpoint."""


def models(recipe: EvalRmRecipe) -> dict[str, Check | None]:
    """The models of the judges."""
    from caig_cli.judges import JUDGES, parse

    found: dict[str, Check | None] = {}
    for kind, argument in (parse(name, recipe.eval_rm.trained) for name in _judges(recipe)):
        found |= JUDGES[kind].models(argument)
    return found


def check(recipe: EvalRmRecipe) -> None:
    """Read the pairs and look for the judges; nothing is written before. Raises UsageError in one line."""
    from caig_cli import judges

    pairs, _ = _pairs(recipe)
    for name in _judges(recipe):
        judges.check(name, _setting(recipe), len(pairs))


def plan(recipe: EvalRmRecipe, report: Reporter) -> list[str]:
    """What a run would do; reads the pairs but opens no image, and asks no server."""
    from caig_cli import judges

    pairs, failures = _pairs(recipe)
    lines = [f"pairs: {len(pairs)} of {len({pair.item for pair in pairs})} products, each in both orders"]
    lines += [f"cannot use {failure.item}: {failure.error}" for failure in failures]
    return lines + [
        f"judge {name}: {judges.check(name, _setting(recipe), len(pairs))}" for name in _judges(recipe)
    ]


def memory(recipe: EvalRmRecipe) -> list[Phase]:
    """What each judge needs on the device, one after the other; the shipped ones fit anywhere."""
    from caig_cli.engine.sources import is_remote
    from caig_cli.judges import TRAINED

    sources = models(recipe)
    if all(source in TRAINED for source in sources) or any(map(is_remote, sources)):
        return []
    from caig_cli import judges

    pairs, _ = _pairs(recipe)
    section, runtime = recipe.eval_rm, recipe.planned_runtime()
    return list(judges.memory(_judges(recipe), section.trained, runtime, pairs, section.batch))


def run(recipe: EvalRmRecipe, run_dir: RunDir, report: Reporter) -> Outcome:
    """Judge all pairs, measure, and show."""
    from caig_cli.judge_metrics import FEW_PAIRS
    from caig_cli.judges import eval_report
    from caig_cli.judges.verdicts import oracle
    from caig_cli.rewards.split import ad_files

    pairs, failures = _pairs(recipe)
    if len(pairs) < FEW_PAIRS:
        items = len({pair.item for pair in pairs})
        report.warn(f"{len(pairs)} pairs of {items} products tell little: mind the intervals")
    use_threads(recipe.threads)
    run_dir.remember("data", [_testset(recipe), *ad_files(pairs)], report.warn)
    oracle_P = oracle(pairs)
    results: dict[str, Result] = {}
    for name in _judges(recipe):
        results[name] = _result(name, recipe, pairs, oracle_P, run_dir, report)
        failures += results[name].failed
    if not any(result.kept for result in results.values()):
        raise UsageError(f"no pair could be judged; {failures[-1].item}: {failures[-1].error}")
    report.table(eval_report.ceiling_line(results), *eval_report.table(results))
    with run_dir.timed("report"):
        eval_report.write_report(recipe.eval_rm.testset.name, pairs, results, failures, run_dir)
    report.info(f"report {run_dir.path / 'report.html'}")
    return _outcome(recipe, pairs, results, failures, run_dir)


def _result(
    name: str,
    recipe: EvalRmRecipe,
    pairs: Sequence[Pair],
    oracle_P: Floats,
    run_dir: RunDir,
    report: Reporter,
) -> Result:
    """One judge from its weights to its figures."""
    from caig_cli.judge_metrics import measure, most_wrong
    from caig_cli.judges import JUDGES, open_judge, parse
    from caig_cli.judges.eval_report import Result, note
    from caig_cli.judges.verdicts import collect, load
    from caig_cli.rewards.split import from_market

    section = recipe.eval_rm
    with run_dir.timed(f"open {name}"):
        judge = open_judge(name, _setting(recipe), run_dir)
    with run_dir.timed(f"judge {name}"):
        collect(judge, name, pairs, section.batch, run_dir, report)
    loaded = load(name, pairs, oracle_P, run_dir)
    measured_on_market, learnt = from_market(pairs), _learnt(judge, _testset(recipe))
    if learnt:
        report.warn(
            f"{name} learnt from this very file, so that its figures flatter: those of pairs that it did not "
            "learn are on its card"
        )
    figures = measure(loaded.judged) | {
        "failed": len(loaded.failed),
        "pairs_per_s": loaded.pairs_per_s,
        "simulated": judge.simulated or measured_on_market,
        "note": note(judge.simulated, measured_on_market, learnt),
        "wrong": most_wrong(loaded.judged, section.wrong_cases),
    }
    if (costs := JUDGES[parse(name, section.trained)[0]].costs) is not None:
        figures["usage"] = dict(costs(name, _setting(recipe), run_dir))
        if figures["usage"].get("refusals"):
            report.warn(f"{name}: {figures['usage']['refusals']} answers name no side and count as a coin")
    return Result(loaded.judged, loaded.kept, loaded.failed, figures)


def _learnt(judge: PairJudge, testset: Path) -> bool:
    """Whether a judge was trained on the file that it is tested on."""
    from caig_cli.engine.digests import digests

    log = getattr(judge, "log", None)
    return log is not None and str(digests([testset])[str(testset)]).startswith(log)


def _judges(recipe: EvalRmRecipe) -> list[str]:
    """Each judge once, in the order given."""
    names = list(dict.fromkeys(recipe.eval_rm.judges))
    if not names:
        raise UsageError("no judge: name one with --judge, such as embedded")
    return names


def _setting(recipe: EvalRmRecipe) -> Setting:
    from caig_cli.judges import Setting

    return Setting(recipe.seed, recipe.runtime, recipe.eval_rm.trained, recipe.api)


def _testset(recipe: EvalRmRecipe) -> Path:
    given = recipe.eval_rm.testset
    return EMBEDDED_TESTSET if str(given) == EMBEDDED else given


def _pairs(recipe: EvalRmRecipe) -> tuple[list[Pair], list[Failure]]:
    """The pairs to judge; those of which nobody knows the outcome are failures."""
    from caig_cli.data.pairs import read_pairs

    section, path = recipe.eval_rm, _testset(recipe)
    if path == EMBEDDED_TESTSET and not path.is_file():
        raise UsageError(
            "the shipped test set is missing from this installation; name one with --testset FILE"
        )
    found, failures = read_pairs(path, images=section.images, allow_outside=section.allow_outside)
    pairs = [pair for pair in found if pair.truth is not None]
    unknown = "nothing says which ad is clicked more; give target or q"
    failures += [Failure(pair.id, unknown) for pair in found if pair.truth is None]
    if not pairs:
        raise UsageError(f"no pair can be used; {failures[0].error}")
    if section.limit is not None and section.limit < len(pairs):
        drawn = random.Random(derive_seed(recipe.seed, "limit")).sample(range(len(pairs)), section.limit)
        pairs = [pairs[n] for n in sorted(drawn)]
    return pairs, failures


def _outcome(
    recipe: EvalRmRecipe,
    pairs: Sequence[Pair],
    results: Mapping[str, Result],
    failures: Sequence[Failure],
    run_dir: RunDir,
) -> Outcome:
    from caig_cli.judges.eval_report import compare, lines

    judges = {
        name: {**result.figures, "wrong": [pairs[result.kept[n]].id for n in result.figures["wrong"]]}
        for name, result in results.items()
    }
    found = {
        "judges": judges,
        "mcnemar": compare(results),
        "testset": str(recipe.eval_rm.testset),
        "pairs": len(pairs),
        "report": str(run_dir.path / "report.html"),
        "failed": [{"item": failure.item, "error": failure.error} for failure in failures],
    }
    run_dir.write_json("results.json", found)
    return Outcome(found, tuple(failures), tuple(lines(results)))
