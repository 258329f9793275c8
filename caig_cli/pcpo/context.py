"""What all rounds work with: the models, the judges, the products and the processes, opened once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache

from accelerate import Accelerator
from PIL import Image

from caig_cli.engine.loop import make_accelerator
from caig_cli.engine.offload import offload, offloaded
from caig_cli.engine.process import processors
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import Runtime, derive_seed, seed_everything
from caig_cli.engine.workers import Workers, start_workers
from caig_cli.judges.stored_judge import heldout_of
from caig_cli.mllm.images import Pixels
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.prompt_model import PromptModel, Sampler, question_for
from caig_cli.mllm.prompt_text import Finisher
from caig_cli.mllm.questions import PromptQuestion
from caig_cli.mllm.relevance import RelevanceJudge
from caig_cli.mllm.scoring import ResponseScorer
from caig_cli.painters import registry
from caig_cli.painters.registry import PainterConfig
from caig_cli.painters.studio.threads import one_thread
from caig_cli.pcpo.candidates import ProcessGroup
from caig_cli.pcpo.config import PainterSection, PcpoRecipe
from caig_cli.pcpo.loaded_judge import ONE_SIDED, LoadedJudge, is_there, knows_the_same, open_judge_on
from caig_cli.pcpo.policy import make_policy
from caig_cli.pcpo.preference_batches import BatchSizes, PromptTemplate
from caig_cli.pcpo.products import CutoutCache, ProductSplit, split_products
from caig_cli.recipe import recipe_hash
from caig_cli.records import Product

AGAIN = "again"
"""Folder of a round's second attempt, with half the step."""


@dataclass
class PcpoContext:
    """An open run.

    ``heldout`` is None where the recipe names no second judge or it is not installed, ``relevance`` where it
    names none or a market knows the truth.
    """

    recipe: PcpoRecipe
    run: RunDir
    report: Reporter
    runtime: Runtime
    accelerator: Accelerator
    pool: Workers
    split: ProductSplit
    cutouts: CutoutCache
    policy: Mllm
    judge: LoadedJudge
    heldout: LoadedJudge | None
    relevance: RelevanceJudge | None

    @property
    def heldout_decides(self) -> bool:
        """Whether the held-out judge may stop the run, or only watches."""
        return self.heldout is not None and knows_the_same(self.judge, self.heldout)

    @cached_property
    def processes(self) -> ProcessGroup:
        """This process among all."""
        accelerator = self.accelerator
        return ProcessGroup(
            accelerator.process_index, accelerator.num_processes, accelerator.wait_for_everyone
        )

    @cached_property
    def scorer(self) -> ResponseScorer:
        """What the loop trains."""
        return ResponseScorer(self.policy)

    @cached_property
    def asking(self) -> PromptTemplate:
        """How a product becomes a question and a framed picture."""
        rules = self.policy.rules

        @lru_cache(256)
        def picture(product_id: str) -> Pixels:
            return rules.frame(Image.fromarray(self.cutouts.cutout(product_id).rgba))

        return PromptTemplate(self.question.ask, lambda product: picture(product.id))

    @property
    def means(self) -> PainterConfig:
        """What the painter is made with."""
        return PainterConfig(self.recipe.threads, self.recipe.device, self.recipe.diffusion)

    @property
    def sizes(self) -> BatchSizes:
        """Size of a micro-batch."""
        return BatchSizes(self.recipe.pcpo.batch_products, self.recipe.pcpo.batch_tokens)

    @cached_property
    def question(self) -> PromptQuestion:
        """What the prompt model is asked about a product."""
        return question_for(self.recipe.policy.base, self.recipe.writer.question)

    @cached_property
    def finish(self) -> Finisher:
        """Makes prompts of the policy's answers: what is painted is what is learnt."""
        return Finisher(registry.PAINTERS[self.recipe.painter.name].fitter(self.recipe.diffusion))

    @property
    def writer_batch(self) -> int:
        """Products whose prompts are sampled together."""
        batch = self.recipe.writer.batch
        assert batch != "auto", "the stage has settled it"
        return batch

    def write(self, products: Sequence[Product], seeds: Sequence[Sequence[int]]) -> list[list[str]]:
        """Prompts for each product, one per seed of its own, by the policy as it is now."""
        how = self.recipe.writer
        answers = PromptModel(self.policy, self.recipe.policy.base, self.question).write_many(
            [Image.fromarray(self.cutouts.cutout(product.id).rgba) for product in products],
            [self.question.ask(product) for product in products],
            seeds=seeds,
            sampler=Sampler(how.temperature, how.top_p, how.max_new_tokens),
        )
        return [self.finish(some) for some in answers]

    def folder(self, number: int) -> RunDir:
        """The folder of a round; 0 is the start."""
        return self.run.part(f"rounds/{number:02}")

    def counted(self, number: int) -> RunDir:
        """The folder of a round's last attempt: its figures count."""
        again = self.folder(number).part(AGAIN)
        return again if (again.path / "adapter").is_dir() else self.folder(number)

    def policy_after(self, number: int) -> int:
        """The round whose policy the next one goes on from: the newest that was accepted."""
        while number and (self.folder(number).read_json("round.json") or {}).get("accepted") is False:
            number -= 1
        return number


@contextmanager
def open_context(recipe: PcpoRecipe, run: RunDir, report: Reporter) -> Iterator[PcpoContext]:
    """Load the models and start the workers; they end with the block."""
    runtime = recipe.runtime()
    report.info(runtime.reason)
    accelerator = make_accelerator(runtime, recipe.pcpo.tracker, run.path)
    accelerator.wait_for_everyone()  # the main process has made the run folder ready
    split = split_products(recipe.pcpo, recipe.eval, recipe.seed)
    run.remember("data", split.files(recipe.pcpo), report.warn)
    seed_everything(derive_seed(recipe.seed, "weights"))
    policy = make_policy(recipe.policy.base, recipe.policy.lora, runtime)
    # A frozen tower looks at a picture once.
    policy.tower.requires_grad_(False)
    policy.model.eval()
    judge = open_judge_on(recipe.judge.model, "judge", policy, runtime, recipe.seed, run)
    heldout = _heldout(recipe, policy, runtime, run, report)
    if heldout is not None and not knows_the_same(judge, heldout):
        report.info(f"held-out judge {heldout.judge.name} only watches: {ONE_SIDED}")
    asked = recipe.eval.relevance if split.oracle is None else None
    relevance = None if asked is None else _relevance(asked, policy, runtime)
    report.info(
        f"judge {judge.judge.name} "
        + ("is an adapter on the policy's base" if judge.shares_base else "is a model of its own")
    )
    with start_workers(worker_count(recipe.painter, accelerator.num_processes), one_thread) as pool:
        if recipe.pcpo.tracker is not None:
            accelerator.init_trackers("caig-pcpo", {"recipe": recipe_hash(recipe)})
        cutouts = CutoutCache(run, pool, report, recipe.pcpo.cutout)
        yield PcpoContext(
            recipe, run, report, runtime, accelerator, pool, split, cutouts, policy, judge, heldout, relevance
        )
        if recipe.pcpo.tracker is not None:
            accelerator.end_training()


def worker_count(painter: PainterSection, processes: int) -> int:
    """Painters' processes of one of ``processes`` training processes."""
    kind = registry.PAINTERS[painter.name]
    if kind.generative:  # every process would hold the model once more
        return 1
    return painter.workers or (max(1, processors() // processes) if kind.on_cpu else 1)


def _relevance(source: str, policy: Mllm, runtime: Runtime) -> RelevanceJudge:
    """Loaded while the policy is away, and away until it is asked."""
    with offloaded([policy.model], runtime.device):
        judge = RelevanceJudge.load(source, runtime)
        offload(judge.mllm.model, runtime.device)
    return judge


def _heldout(
    recipe: PcpoRecipe, policy: Mllm, runtime: Runtime, run: RunDir, report: Reporter
) -> LoadedJudge | None:
    source = heldout_of(recipe.judge.model, recipe.judge.heldout)
    if source is None or not is_there(source):
        if source is not None:
            report.info(f"held-out judge {source} is not installed: nobody watches the training judge")
        return None
    return open_judge_on(source, "heldout", policy, runtime, recipe.seed, run)
