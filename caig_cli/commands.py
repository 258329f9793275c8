"""The table of commands: what each says in the help, and which of its recipe's keys have a flag.

A row says which keys have a flag; the rest comes from the recipe and from ``stages/<command>.py``, which is
imported when its command is called.
"""

from __future__ import annotations

import importlib
import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caig_cli.recipe import Recipe


@dataclass(frozen=True)
class Command:
    """A subcommand: its line in the help and its own flags (flag -> recipe key).

    A flag without a dash is a positional argument, and takes many values if its recipe key does.
    ``folder``: it works in a run folder, and ``out`` names the positional argument for that, if there is
    one; without, its stage is ``run(recipe, report)`` and ``--out`` means what its flags say, if anything.
    ``trains``: it may run in several processes. ``bare``: what flags that stand alone mean.
    """

    help: str
    flags: Mapping[str, str]
    out: str | None = None
    folder: bool = True
    trains: bool = False
    bare: Mapping[str, str] = field(default_factory=dict)

    def switches(self) -> list[str]:
        """The options that are about the run and make sense here."""
        from caig_cli.options import OF_FOLDER, SWITCHES

        absent = () if self.folder else OF_FOLDER
        return [f for f in SWITCHES if f not in absent and (self.trains or f != "--num-processes")]


COMMANDS: Mapping[str, Command] = {
    "generate": Command(
        "Write background prompts for products and photograph ads.",
        {
            "--product": "generate.product",
            "--from": "generate.feed",
            "--column": "generate.columns",
            "--images": "generate.images",
            "--fetch": "generate.fetch",
            "--variants": "generate.variants",
            "--caption": "generate.caption",
            "--attribute": "generate.attributes",
            "--mask": "generate.mask",
            "--cutout": "generate.cutout",
            "--accept-doubtful": "generate.accept_doubtful",
            "--shard": "generate.shard",
            "--engine": "generate.engine",
            "--recursive": "generate.recursive",
            "--allow-outside": "generate.allow_outside",
            "--prompt": "generate.prompt",
            "--rewrite": "generate.rewrite",
            "-n": "generate.n",
            "--candidates": "generate.candidates",
            "--judge": "judge.model",
            "--size": "generate.size",
            "--format": "generate.format",
            "--again": "generate.again",
            "--placement": "generate.placement",
            "--scale": "generate.scale",
            "--stance": "generate.stance",
            "--relight": "generate.relight",
        },
    ),
    "feed": Command(
        "Write the ads of a run as a file that a shop or catalogue takes in.",
        {
            "RUN": "feed.run",
            "--for": "feed.target",
            "--base-url": "feed.base_url",
            "--out": "feed.out",
            "--overwrite": "feed.overwrite",
        },
        folder=False,
    ),
    "score": Command(
        "Rank ads of one product by predicted clicks.",
        {
            "IMG": "score.images",
            "--caption": "score.caption",
            "--attribute": "score.attributes",
            "--model": "score.model",
            "--explain": "score.explain",
        },
        folder=False,
    ),
    "serve": Command(
        "Answer over HTTP: score ads, write prompts, make ads.",
        {
            "--host": "serve.host",
            "--port": "serve.port",
            "--token-file": "serve.token_file",
            "--judge": "serve.judge",
            "--jobs": "serve.jobs",
        },
        folder=False,
    ),
    "pretrain": Command(
        "Teach a prompt model e-commerce dialogues.",
        {"--data": "pretrain.data", "--eval-data": "pretrain.eval_data"},
        trains=True,
    ),
    "eval-rm": Command(
        "Test judges on pairs of ads whose clicks are known.",
        {
            "--testset": "eval_rm.testset",
            "--judge": "eval_rm.judges",
            "--images": "eval_rm.images",
            "--allow-outside": "eval_rm.allow_outside",
            "--limit": "eval_rm.limit",
            "--batch": "eval_rm.batch",
        },
        bare={"--testset": "embedded"},
    ),
    "pairs": Command(
        "Make pairs of ads, whose winner is known, from click logs.",
        {
            "LOGS": "pairs.logs",
            "--images": "pairs.images",
            "--from": "pairs.platform",
            "--column": "pairs.columns",
            "--item-pattern": "pairs.item_pattern",
            "--decimal": "pairs.decimal",
            "--dates": "pairs.dates",
            "--repeats": "pairs.repeats",
            "--pool": "pairs.pool",
            "--query": "pairs.query",
            "--allow-outside": "pairs.allow_outside",
            "--plan": "pairs.plan",
            "--out": "pairs.out",
            "--overwrite": "pairs.overwrite",
            "--official": "pairs.official",
            "--skip-bad": "pairs.skip_bad",
            "--min-impressions": "filter.min_impressions",
            "--min-ratio": "filter.min_ratio",
            "--max-ratio": "filter.max_ratio",
            "--min-gap": "filter.min_gap",
            "--max-gap": "filter.max_gap",
            "--min-confidence": "filter.min_confidence",
            "--prior": "filter.prior",
            "--window-days": "filter.window_days",
            "--min-stability": "filter.min_stability",
            "--validation-share": "pairs.validation_share",
            "--test-share": "pairs.test_share",
            "--truth": "pairs.truth",
            "--products": "pairs.products",
        },
        folder=False,
    ),
    "experiment plan": Command(
        "Decide who is shown which ad, and what that can find, before it runs.",
        {
            "--arm": "experiment.arms",
            "--control": "experiment.control",
            "--units": "experiment.units",
            "--allocation": "experiment.allocation",
            "--share": "experiment.shares",
            "--products": "experiment.products",
            "--before": "experiment.before",
            "--start": "experiment.start",
            "--days": "experiment.days",
            "--impressions": "experiment.impressions",
            "--ctr": "experiment.ctr",
            "--product-cv": "experiment.product_cv",
            "--lift": "experiment.lift",
            "--judge": "experiment.judge",
            "--after": "experiment.after",
            "--log": "experiment.logs",
        },
    ),
    "experiment read": Command(
        "Say what the clicks of an experiment show.",
        {
            "PLAN": "reading.plan",
            "EXPORTS": "reading.exports",
            "--from": "reading.platform",
            "--column": "reading.columns",
            "--decimal": "reading.decimal",
            "--dates": "reading.dates",
            "--repeats": "reading.repeats",
            "--skip-bad": "reading.skip_bad",
            "--policy": "reading.policies",
        },
    ),
    "experiment simulate": Command(
        "Make up the clicks of an experiment on the simulated market, whose truth is known.",
        {
            "PLAN": "simulation.plan",
            "--market": "simulation.market",
            "--days": "simulation.days",
            "--impressions": "simulation.impressions",
            "--out": "simulation.out",
            "--overwrite": "simulation.overwrite",
        },
        folder=False,
    ),
    "train-rm": Command(
        "Teach a reward model which of two ads is clicked more.",
        {
            "--pairs": "train_rm.pairs",
            "--eval-pairs": "train_rm.eval_pairs",
            "--allow-outside": "train_rm.allow_outside",
            "--arch": "model.arch",
            "--base": "model.base",
            "--second": "second.train",
        },
        trains=True,
    ),
    "pcpo": Command(
        "Improve the prompt model on a judge's preferences, true to the product.",
        {
            "--products": "pcpo.products",
            "--eval-products": "pcpo.eval_products",
            "--allow-outside": "pcpo.allow_outside",
            "--rounds": "pcpo.rounds",
            "--loss": "pcpo.loss",
            "--base": "policy.base",
            "--judge": "judge.model",
            "--painter": "painter.name",
            "--merge": "pcpo.merge",
        },
        trains=True,
        bare={"--merge": "bf16"},
    ),
    "market": Command(
        "Make a simulated marketplace whose true CTR is known.",
        {
            "--products": "market.products",
            "--ads-per-product": "market.ads_per_product",
            "--workers": "market.workers",
        },
        out="OUT",
    ),
    "deliver": Command(
        "Make the kept ads of a run the files that platforms take.",
        {
            "RUN": "deliver.run",
            "--for": "deliver.platforms",
            "--keep": "deliver.keep",
            "--format": "deliver.format",
        },
    ),
    "check": Command(
        "Say which rules of a platform a picture misses, and by how much.",
        {"IMG": "check.images", "--for": "check.platforms"},
        folder=False,
    ),
    "verify": Command(
        "Say who made an ad, how, and whether its product's pixels are those of the photo.",
        {
            "AD": "verify.ads",
            "--photo": "verify.photo",
            "--mask": "verify.mask",
            "--anchors": "verify.anchors",
        },
        folder=False,
    ),
    "fetch": Command(
        "Fetch the cut-out model, or models of the hub, before they are needed.",
        {"NAME": "fetch.names"},
        folder=False,
    ),
    "merge": Command(
        "Make shards of ads one run, or an adapter and its base one plain model.",
        {
            "SOURCE": "merge.sources",
            "--out": "merge.out",
            "--overwrite": "merge.overwrite",
            "--pictures": "merge.pictures",
        },
        folder=False,
    ),
    "import": Command(
        "Make a released checkpoint a folder that every command and transformers load.",
        {
            "CKPT": "released.checkpoint",
            "OUT": "released.out",
            "--vision-tower": "released.vision_tower",
            "--overwrite": "released.overwrite",
        },
        folder=False,
    ),
}

GROUPS = {"experiment": "Compare ads by clicks: plan an experiment, read what came of it."}
"""What commands of two words have in common, by their first word."""

OF_MODELS = {"--quantise": "quantise", "--gpu-memory": "gpu_memory"}
"""Options of the commands that load multimodal language models."""

COMMON = {"--seed": "seed", "--device": "device", "--dtype": "dtype", "--threads": "threads"}


def recipe_class(name: str) -> type[Recipe]:
    """The Recipe class of a command: ``train-rm`` has ``TrainRmRecipe`` in ``stages/train_rm.py``."""
    words = dashed(name).split("-")
    found: type[Recipe] = getattr(stage_of(name), "".join(word.capitalize() for word in words) + "Recipe")
    return found


def dashed(name: str) -> str:
    """A command's name as one word: ``experiment plan`` is ``experiment-plan`` in files and recipes."""
    return name.replace(" ", "-")


def stage_of(name: str) -> ModuleType:
    """The module of a command's stage."""
    module = dashed(name).replace("-", "_") + "_" * keyword.iskeyword(name)
    return importlib.import_module(f"caig_cli.stages.{module}")
