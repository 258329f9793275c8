"""Recipe sections of reward models. No torch: the help reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from caig_cli.engine.hub_name import ModelName
from caig_cli.engine.optim import Count, OptimSection, Positive, Share, Tracker
from caig_cli.mllm.config import AttributePretrainingSection, LoraSection, PlannedRecipe
from caig_cli.recipe import Section
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.tables import OneOf

Arch = Annotated[str, OneOf("architecture", ARCHITECTURES)]


class AdAttributeSection(AttributePretrainingSection):
    """Pre-training of the encoder by naming what ads show, before clicks."""

    tasks: tuple[str, ...] = (
        "surface", "backdrop", "light", "mood", "blur", "props", "advertised", "match",
    )  # fmt: skip
    """Tasks whose answers are names to tell apart; a yes or no is judged from all other names."""

    auxiliary_only: tuple[str, ...] = ("advertised",)
    """Tasks whose names only such judgements read: what all ads of a product share would be noise where these
    are compared."""

    freeze_encoder: bool = False
    """Whether the encoder stays as this pre-training leaves it. Clicks are noise mostly: from a few thousand
    ads, an encoder that goes on learning knows the ads by heart before it knows what is clicked."""


class QuestionSection(Section):
    """What the model is told besides the two ads (vam: nothing)."""

    form: Literal["own", "official"] = "own"
    """Whose question is asked: our own, or one of the official pool, which tells nothing of the product."""

    caption: bool = True
    """Whether the product's title is told; only in our own question."""

    attributes: bool = False
    """Whether the product's attributes are told; only in our own question."""


class MllmRewardSection(Section):
    """A multimodal language model with a preference head and a CTR head."""

    base: ModelName = "embedded"
    """Model to start from: embedded, a folder, or a hub name org/name[@revision]."""

    lora: LoraSection | None = LoraSection()
    """Adapters to train; empty trains all weights of the language model and the projector."""

    train_tower: bool = False
    """Whether the vision tower learns too; otherwise each ad is looked at once for the whole training."""

    layout: Literal["two_images", "side_by_side"] = "two_images"
    """Two ads as two images, or beside each other in one (the official input)."""

    concepts_from: str | None = None
    """Judge on the same base (embedded, or a folder) whose names this one judges by too, where there are no
    dialogues to learn concepts from; empty for none."""


class VisionSection(Section):
    """An image encoder: a residual network from nothing, or any vision model of transformers."""

    base: ModelName | None = None
    """Pre-trained vision model (folder or org/name[@revision]); empty makes a new one of the shape below."""

    frozen: bool = False
    """Whether it stays as it is, so that each ad is looked at once for the whole training."""

    size: Count = 128
    """Side of the square picture, pixels."""

    widths: tuple[Count, ...] = (32, 64, 128, 192)
    """Channels of each stage; a stage halves the picture's sides."""

    depths: tuple[Count, ...] = (1, 1, 1, 1)
    """Residual blocks of each stage."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.widths) != len(self.depths):
            raise ValueError("widths and depths must name the same number of stages")
        if self.frozen and self.base is None:
            raise ValueError("frozen is for a pre-trained model; name it with base")
        return self


class TextSection(Section):
    """A text encoder: a small one of BERT's class from nothing, or any of transformers."""

    base: ModelName | None = None
    """Pre-trained text model (folder or org/name[@revision]); empty makes a new one of the shape below."""

    vocabulary: Annotated[int, Field(ge=300)] = 2048
    """Entries of the new tokenizer, learnt from the titles."""

    width: Count = 128
    """Width."""

    depth: Count = 2
    """Layers."""

    heads: Count = 4
    """Attention heads."""

    max_tokens: Count = 64
    """Tokens that are read of a text."""


class VamSection(Section):
    """A ranker that sees an ad alone."""

    vision: VisionSection = VisionSection()
    """Image encoder."""

    concepts_from: str | None = None
    """Judge of this architecture (heldout, or a folder) whose encoder and names this one takes over, without
    what it learnt of clicks; empty for none."""


class Cg4ctrSection(Section):
    """A ranker that sees an ad and reads about its product."""

    vision: VisionSection = VisionSection()
    """Image encoder."""

    text: TextSection = TextSection()
    """Text encoder."""

    width: Count = 128
    """Width of the layer in which image and text meet."""


class RewardSection(Section):
    """The reward model; of the sections below only that of its architecture is used."""

    base: ModelName | None = None
    """Judge that goes on learning (folder of caig train-rm, heldout, or org/name[@revision]), of whatever
    architecture it is; or the model that mllm starts from, as model.mllm.base."""

    arch: Arch = "mllm"
    """Architecture: mllm (the paper's), or its trained baselines vam and cg4ctr."""

    question: QuestionSection = QuestionSection()
    """Question."""

    concept_bottleneck: bool = False
    """Whether ads are judged by what the dialogues of train_rm name in them: the chances of each name take
    the place of features in vam and cg4ctr, and add to what mllm reads. The encoder must be frozen."""

    mllm: MllmRewardSection = MllmRewardSection()
    """Architecture mllm."""

    vam: VamSection = VamSection()
    """Architecture vam."""

    cg4ctr: Cg4ctrSection = Cg4ctrSection()
    """Architecture cg4ctr."""


class TrainRmSection(Section):
    """The pairs and what they teach."""

    pairs: Path | None = None
    """Pairs to learn: JSONL of caig pairs, or an official file."""

    eval_pairs: Path | None = None
    """Pairs to evaluate and calibrate on; empty holds out a share of the items of pairs."""

    attribute_data: Path | None = None
    """Dialogues about ads (LLaVA JSON), whose named parts the vision encoder learns to see before it judges;
    empty for none. Clicks alone teach a small encoder next to nothing."""

    attribute_pretraining: AdAttributeSection = AdAttributeSection()
    """How it learns from these dialogues."""

    images: Path | None = None
    """Folder that image paths start from; empty means the folder of the file."""

    allow_outside: bool = False
    """Accept images outside the folder of the file."""

    eval_share: Share = 0.1
    """Share of the items to hold out when eval_pairs is empty; 0 holds out none."""

    min_eval_items: Count = 10
    """Items to hold out at least, or half of them where that is less: fewer measure and calibrate nothing."""

    max_eval_pairs: Count = 2000
    """Held-out pairs to evaluate on, at most."""

    soft_labels: bool = True
    """Learn posterior probabilities (p_left) where the file has them, instead of the observed winner."""

    pair_weighting: Literal["none", "gap", "confidence"] = "none"
    """What a pair counts: all alike, by the ratio of the rates, or by how sure the posterior is."""

    swap: Literal["none", "random", "both"] = "both"
    """Show each pair in both orders, or in one drawn anew in each epoch (half the work, but one side is
    favoured for longer), or as it is. Only mllm reads in an order."""

    order_weight: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the squared sum of a pair's log odds in its two orders, so that what is said of two ads does
    not hang on which comes first; needs swap both."""

    ctr_weight: Annotated[float, Field(ge=0)] = 0.5
    """Weight of the squared error of the predicted rates; 0 learns no rates."""

    standardise: Literal["none", "linear", "log"] = "log"
    """Learn rates, or their logarithms, in standard deviations from their mean; undone on output. Of plain
    rates, a few much clicked ads are most of the error, and its noise drowns what the pairs teach."""

    prior: tuple[Positive, Positive] | None = (2.04, 54.06)
    """Beta prior (a, b) that smooths observed rates; empty takes them as they are."""

    batch_pairs: Count = 64
    """Pairs of a micro-batch; whole items stay together as far as they fit."""

    augment: Annotated[float, Field(ge=0)] = 0.0
    """Strength of image variation (mirror, shift, scale, turn, brightness); 0 for none."""

    augmentations: Count = 4
    """Variations of each ad when a frozen tower's features are kept; others see ever new ones."""

    cache_mb: Annotated[int, Field(ge=0)] = 2048
    """Memory for opened ads or their features, MiB; what does not fit is computed again each time."""

    keep_best: bool = True
    """Keep the weights of the evaluation with the lowest log-loss instead of the last ones."""

    tracker: Tracker | None = None
    """Experiment tracker that gets the figures of training too, if it is installed."""

    simulated: bool | None = None
    """Whether the clicks come from the simulated market; empty finds out from the files."""

    save_dtype: Literal["fp32", "bf16", "fp16"] = "fp16"
    """Precision of the written weights."""

    @property
    def room(self) -> int:
        """Bytes of memory for opened ads or their features."""
        return self.cache_mb << 20

    @model_validator(mode="after")
    def _both_to_compare(self) -> Self:
        if self.order_weight > 0 and self.swap != "both":
            raise ValueError("order_weight compares a pair's two orders; it needs swap both")
        return self


class SecondSection(Section):
    """A second judge, learnt from the same pairs with another seed and architecture. It watches caig pcpo for
    what the first one is wrong about."""

    train: bool = False
    """Whether to train it; it is stored in the first judge's folder, where caig pcpo finds it."""

    arch: Arch | None = None
    """Its architecture; empty takes vam beside mllm where rates are known, and else cg4ctr or vam."""

    optim: OptimSection = OptimSection(
        learning_rate=3e-3, warmup=0.05, min_lr_ratio=0.02, weight_decay=0.05, beta2=0.98, epochs=16.0,
        log_every=20, evaluate_every=100,
    )  # fmt: skip
    """Its optimisation."""


class TrainRmRecipe(PlannedRecipe):
    """Recipe of ``caig train-rm``."""

    default_recipe: ClassVar[str | None] = None

    train_rm: TrainRmSection = TrainRmSection()
    """Data."""

    model: RewardSection = RewardSection()
    """Model."""

    optim: OptimSection = OptimSection(learning_rate=2e-4, epochs=3.0)
    """Optimisation."""

    second: SecondSection = SecondSection()
    """Second judge."""

    @model_validator(mode="after")
    def _frozen_if_quantised(self) -> Self:
        speaks = ARCHITECTURES[self.model.arch].language_model
        if self.quantise in ("nf4", "int8") and (not speaks or self.model.mllm.lora is None):
            raise ValueError(f"quantise {self.quantise} is for arch mllm with adapters (model.mllm.lora)")
        return self

    @model_validator(mode="after")
    def _encoder_stays(self) -> Self:
        pre_trained = ARCHITECTURES[self.model.arch].frozen(self.model)
        if (
            self.model.concept_bottleneck
            and not pre_trained
            and not self.train_rm.attribute_pretraining.freeze_encoder
        ):
            raise ValueError(
                "model.concept_bottleneck needs a frozen encoder; "
                "set train_rm.attribute_pretraining.freeze_encoder"
            )
        return self
