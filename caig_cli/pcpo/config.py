"""Recipe sections of ``caig pcpo``. No torch: the help reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from caig_cli.cutouts.source import CutoutSource
from caig_cli.engine.hub_name import ModelName
from caig_cli.engine.optim import Count, OptimSection, Positive, Share, Tracker
from caig_cli.losses.objective import Objective
from caig_cli.mllm.config import LoraSection, PlannedRecipe
from caig_cli.mllm.questions import Question
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.layout import FrameSize, Placement
from caig_cli.painters.pose import Stance
from caig_cli.painters.registry import PainterName
from caig_cli.pcpo.preference_config import NegativesSection
from caig_cli.recipe import Section

Cadence = Annotated[int, Field(ge=0)]
Half = Annotated[float, Field(ge=0, lt=0.5)]


def _asked_for(what: str, option: str) -> BeforeValidator:
    """A recipe may leave a model empty, so that the user names it: no other model takes its place."""

    def check(source: object) -> object:
        if source is None:
            raise ValueError(f"this recipe needs {what}; give {option} FOLDER (or org/name)")
        return source

    return BeforeValidator(check)


class PcpoSection(Objective):
    """Products, rounds and the loss."""

    products: Path | None = None
    """Products to learn from, as caig generate takes them; empty takes a small shipped catalogue."""

    eval_products: Path | None = None
    """Products to evaluate on; empty holds out the market's own split, or a share of products."""

    allow_outside: bool = False
    """Accept images outside the folder of the file that names them."""

    cutout: CutoutSource = "auto"
    """How products are cut out of their photos, as for caig generate; a column cutout of a table wins."""

    rounds: Count = 5
    """Rounds of sampling, painting, ranking and optimising."""

    products_per_round: Count | None = 64
    """Products of a round, taken in turn; empty takes all of them each time."""

    candidates: Annotated[int, Field(ge=2, le=64)] = 2
    """Prompts sampled for each product in a round."""

    pairs_per_product: Count = 1
    """Preferences kept of a product: first best against worst, then the next widest apart."""

    min_margin: Half = 0.02
    """A pair whose winner has less than one half plus this probability is a near-tie, and dropped."""

    min_relevance: Annotated[float, Field(ge=-1, le=1)] | None = None
    """By how much more surely the chosen prompt's background must suit the product than the rejected one's,
    by the judge's own concept or eval.relevance: 0 is at least as surely. Empty asks nothing. Of unpainted
    prompts the chosen must suit as surely by what is usual for products like it."""

    reference: Literal["start", "last"] = "start"
    """What the loss holds the policy to: the model that the run started from, or that of the last round."""

    max_kl: Positive | None = None
    """A round's training stops when the policy is this far from the reference, in nats per prompt on fresh
    samples of it, measured every optim.evaluate_every steps. Empty measures nothing."""

    accept: bool = False
    """Keep a round only if held-out match has not fallen by more than its interval says and the held-out win
    rate has risen; else learn it again with half the learning rate and max_kl, and if that fails too go on
    from the round before."""

    batch_products: Count = 8
    """Products of a micro-batch."""

    batch_tokens: Count = 8192
    """Tokens of a micro-batch, image tokens and padding included; one product may need more."""

    official_file: bool = False
    """Also write each round's preferences in the official file's form."""

    hugging_face_file: bool = False
    """Also write each round's preferences as Hugging Face's trainers read them: a Parquet file with columns
    images, prompt, chosen and rejected (needs caig[parquet])."""

    merge: Literal["fp32", "bf16", "fp16"] | None = None
    """Precision of a plain model to write at the end beside the adapter; empty writes none."""

    tracker: Tracker | None = None
    """Experiment tracker that gets the figures too, if it is installed."""


class SurrogateSection(Section):
    """Candidates that are scored and not painted, by words fitted to the judged ads of all rounds."""

    products: Annotated[int, Field(ge=0)] = 0
    """Further products of a round whose candidates nobody paints; 0 turns it off."""

    candidates: Annotated[int, Field(ge=2, le=256)] = 32
    """Prompts sampled for each product of a round, painted or not."""

    random_share: Share = 0.5
    """Share of a painted product's candidates that are taken as they come; the others are those whose worth
    is least sure."""

    consistent_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of a product's unpainted candidates that may be chosen: those whose words the starting policy
    writes to products like this one most often, which suit it more surely (self-consistency)."""

    recombinations: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Recombinations of a product's unpainted candidates that are scored beside, by crossover of their parts;
    the best are chosen in their place. 0, or a painter whose prompts have no parts: as they were sampled."""

    min_accuracy: Share = 0.55
    """Share of held-out pairs that it must order as the judge does, by the lower end of its 95 % interval;
    below, a round learns from painted ads only."""


class PolicySection(Section):
    """The prompt model to improve."""

    base: Annotated[ModelName, _asked_for("the prompt model to improve", "--base")] = "embedded"
    """Model or adapter to start from: embedded, a folder, or org/name[@revision]; it is the reference too.
    A recipe that leaves it empty wants it named."""

    lora: LoraSection = LoraSection(rank=16, alpha=32.0)
    """Adapters to train where the start has none; an adapter's own keep their shape."""


class SamplerSection(Section):
    """How candidates are asked for and sampled."""

    question: Question | None = None
    """What the prompt model is asked: own (as caig teaches), official (as the released prompt model was
    taught), plain (for any chat model), or a text with {caption} and {attributes}; empty is what its folder
    says, else plain."""

    temperature: Annotated[float, Field(gt=0)] = 1.0
    """Sampling temperature."""

    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the probability that words are sampled from, most likely first."""

    max_new_tokens: Annotated[int, Field(ge=8, le=1024)] = 96
    """Length of a prompt in tokens, at most."""

    batch: Count | Literal["auto"] = "auto"
    """Products whose prompts are sampled together; a killed run samples at most as many again. auto takes as
    many as fit the GPU, at most 16."""


class PainterSection(Section):
    """How candidates are painted: the judge's size is enough."""

    name: PainterName = "studio"
    """What paints: studio photographs a ray-traced set, diffusion uses the model of section diffusion, fake
    paints a gradient."""

    size: FrameSize = "128x128"
    """Size of an ad: WIDTHxHEIGHT in pixels, or a preset of caig generate."""

    placement: Placement = "centre"
    """Where the product stands in the frame."""

    scale: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the frame's width and height that the product may fill; empty suits the frame."""

    stance: Stance | None = None
    """How products are placed, whatever prompts say: stand is as the market's products are; empty follows the
    prompt's words, the title and the photo, as caig generate does."""

    workers: Count | None = None
    """Processes that paint while this one ranks; empty takes one per core where the painter uses the CPU."""


class JudgeSection(Section):
    """Who says which ad is clicked more."""

    model: Annotated[ModelName, _asked_for("the reward model to learn from", "--judge")] = "embedded"
    """Who is learnt from: a reward model (embedded, heldout, a folder, org/name[@revision]), or a judge of
    another kind as in eval-rm (random, zero-shot:MODEL, api:MODEL, a plug-in's). A recipe that leaves it
    empty wants it named."""

    heldout: ModelName | None = "auto"
    """Second reward model that scores every round and can stop the run; auto takes the one that was trained
    with the judge (caig train-rm --second), or else the shipped one. Where only one of the two knows real
    clicks, it watches and stops nothing."""

    caption: bool = False
    """Whether the judges are told the product's title and attributes; the authors' code tells nothing."""


class EvalSection(Section):
    """Evaluation of every round on products that are not learnt from."""

    products: Count = 32
    """Held-out products, at most."""

    share: Share = 0.2
    """Share of the products to hold out where neither eval_products nor a market's split does."""

    min_products: Count = 10
    """Products to hold out at least, or half of them where that is less: fewer hardly measure anything."""

    prompts: Annotated[int, Field(ge=1, le=64)] = 4
    """Prompts sampled for each of them."""

    ads: Annotated[int, Field(ge=1, le=64)] = 2
    """How many of these are painted and compared with the starting model's."""

    patience: Cadence = 2
    """Stop when the held-out judge has stayed below its best for so many rounds; 0 never stops."""

    drop: Share = 0.03
    """How far below its best win rate the held-out judge must be to count."""

    relevance: ModelName | None = None
    """Model (a folder or org/name[@revision]) that is asked if backgrounds suit, where no market knows."""


class PcpoRecipe(PlannedRecipe):
    """Recipe of ``caig pcpo``."""

    pcpo: PcpoSection = PcpoSection()
    """Products, rounds and loss."""

    surrogate: SurrogateSection = SurrogateSection()
    """Unpainted candidates."""

    policy: PolicySection = PolicySection()
    """Prompt model to improve."""

    writer: SamplerSection = SamplerSection()
    """Sampling of candidates."""

    painter: PainterSection = PainterSection()
    """Painting of candidates."""

    diffusion: DiffusionSection = DiffusionSection()
    """Model of the painter diffusion."""

    judge: JudgeSection = JudgeSection()
    """Ranking of candidates."""

    negatives: NegativesSection = NegativesSection()
    """Wrong product information, for the loss pcpo."""

    eval: EvalSection = EvalSection()
    """Evaluation."""

    optim: OptimSection = OptimSection(learning_rate=2e-4, log_every=1, checkpoint_every=20)
    """Optimisation of each round, which starts with a new optimiser and schedule."""
