"""The memory plan of ``caig pcpo``: what is on the device in each step of a round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from caig_cli.engine.memory_plan import RESERVE, Phase
from caig_cli.engine.sources import base_of_adapter, is_remote
from caig_cli.judges import kind_of
from caig_cli.judges.stored_judge import heldout_of
from caig_cli.losses.objective import LOSSES
from caig_cli.mllm import loading, model_memory
from caig_cli.mllm.inputs import Branch
from caig_cli.mllm.instructions import knowledge
from caig_cli.mllm.meta_model import FLOAT, MetaModel, load_meta_model
from caig_cli.mllm.model_memory import Pass
from caig_cli.mllm.packing import cost_of_trees, group_by_length, pack
from caig_cli.mllm.prompt_model import question_for
from caig_cli.painters.layout import parse_size
from caig_cli.painters.registry import PAINTERS
from caig_cli.pcpo.candidates import TOGETHER
from caig_cli.pcpo.config import PcpoRecipe
from caig_cli.pcpo.loaded_judge import is_there
from caig_cli.pcpo.preference_batches import CHUNK
from caig_cli.pcpo.preference_pairs import wanted_pairs
from caig_cli.pcpo.products import ProductSplit, split_products
from caig_cli.recipe import replaced
from caig_cli.records import Product
from caig_cli.rewards import storage
from caig_cli.rewards.architectures import ARCHITECTURES
from caig_cli.rewards.reward_memory import JudgeMemory, judge_needs, same_base

BATCHES = (16, 8, 4, 2, 1)
"""Numbers of products whose prompts may be sampled together, the largest first."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all phases of a round build on. ``here``: the policy's own bytes; ``length``: of a question."""

    split: ProductSplit
    policy: MetaModel
    judges: Mapping[str, JudgeMemory]
    here: Phase
    frozen: int
    length: int


def planned(recipe: PcpoRecipe) -> list[Phase]:
    """Phases of a round; none where a model is not on this machine yet."""
    if _elsewhere(recipe):
        return []
    ground = _ground(recipe)
    policy, here = ground.policy, ground.here
    passes = training_passes(recipe, policy, ground.length)
    reference = max(model_memory.looking(policy, CHUNK), model_memory.asking(policy, passes))
    learnt = model_memory.learning("optimise", policy, passes, recipe.optim)
    phases = [_sampling(recipe, ground, _batch(recipe, ground))]
    for name, judge in ground.judges.items():
        phases += _judged(name, judge, here, recipe)
    if recipe.eval.relevance is not None and ground.split.oracle is None:
        phases.append(_relevance(recipe, [*ground.split.learn, *ground.split.evaluate]))
    phases.append(replace(here, name="reference", activations=reference))
    return [*phases, replace(learnt, adapters=learnt.adapters + ground.frozen)]


def settled(recipe: PcpoRecipe) -> PcpoRecipe:
    """The recipe with a number for ``writer.batch`` auto: as many products as can be sampled from together.

    That are 16 where memory has no limit, or where a model is not on this machine yet.
    """
    if recipe.writer.batch != "auto":
        return recipe
    limited = recipe.room() is not None and not _elsewhere(recipe)
    batch = _batch(recipe, _ground(recipe)) if limited else BATCHES[0]
    return replaced(recipe, {"writer.batch": batch})


def _elsewhere(recipe: PcpoRecipe) -> bool:
    """Whether a model would have to be downloaded first."""
    heldout = heldout_of(recipe.judge.model, recipe.judge.heldout)
    sources = (recipe.policy.base, recipe.judge.model, heldout, recipe.eval.relevance)
    return any(is_remote(source) for source in sources if source is not None)


def _ground(recipe: PcpoRecipe) -> _Ground:
    split = split_products(recipe.pcpo, recipe.eval, recipe.seed)
    products = [*split.learn, *split.evaluate]
    policy = load_meta_model(recipe.policy.base, recipe.planned_runtime(), recipe.policy.lora)
    question = question_for(recipe.policy.base, recipe.writer.question)
    length = model_memory.longest(policy.mllm, map(question.ask, products))
    judges = _judges(recipe, policy, products)
    frozen = sum(judge.adapters for judge in judges.values() if judge.shares)
    if base_of_adapter(loading.locate(recipe.policy.base)) is not None:
        frozen += policy.frozen(policy.adapter)  # the start, which is the reference
    if recipe.pcpo.reference == "last" and recipe.pcpo.rounds > 1:
        frozen += policy.frozen(policy.adapter)  # the policy of the round before
    here = Phase("", policy.base, FLOAT * policy.trained + frozen)
    return _Ground(split, policy, judges, here, frozen, length)


def _sampling(recipe: PcpoRecipe, ground: _Ground, batch: int) -> Phase:
    answers = batch * max(_drawn(recipe), recipe.eval.prompts)
    longest = recipe.writer.max_new_tokens
    room, cache = model_memory.sampling(ground.policy, batch, ground.length, answers, longest)
    return replace(ground.here, name="sample", activations=room, cache=cache)


def _drawn(recipe: PcpoRecipe) -> int:
    """Prompts sampled for one product, at most."""
    return max(recipe.pcpo.candidates, recipe.surrogate.candidates if recipe.surrogate.products else 0)


def _batch(recipe: PcpoRecipe, ground: _Ground) -> int:
    """The recipe's number, or for auto the largest whose sampling fits the device."""
    if recipe.writer.batch != "auto":
        return recipe.writer.batch
    room = recipe.room()
    fits = (b for b in BATCHES if room is None or _sampling(recipe, ground, b).peak + RESERVE <= room)
    return next(fits, 1)


def training_passes(recipe: PcpoRecipe, policy: MetaModel, length: int) -> list[Pass]:
    """The forward passes of the largest micro-batch, if all replies are as long as they may be.

    ``length``: tokens of the longest question. Every negative has a picture of its own where masks, crops or
    other photos are among the wrong information; otherwise it is one more reply about the same picture.
    """
    given, encoder = recipe.pcpo, policy.mllm.encoder
    prefix = encoder.prefix(image=True)
    asked, answer_length = length - len(prefix), recipe.writer.max_new_tokens + 1
    pairs = wanted_pairs(given, given.candidates)
    replies = min(_drawn(recipe), 2 * pairs)
    wrong = pairs if LOSSES[given.loss].negatives and given.pcpo_weight else 0
    shares = recipe.negatives.shares()
    pictures = wrong if any(share for kind, share in shares.items() if kind != "caption") else 0

    def reply(number: int, parts_at: int = asked) -> Branch:
        ids = (*(0,) * parts_at, *(number,) * (asked - parts_at), *(number,) * answer_length)
        return Branch(ids, (False,) * asked + (True,) * answer_length)

    own = [reply(n + 1) for n in range(replies)]
    own += [reply(replies + n + 1, 0) for n in range(wrong - pictures)]
    cost = cost_of_trees(policy.mllm)
    rows = [*pack(prefix, own, cost)]
    rows += [row for n in range(pictures) for row in pack(prefix, [reply(n + 1)], cost)]
    tokens = sum(map(len, rows))
    rows *= max(1, min(given.batch_products, given.batch_tokens // tokens))
    passes = []
    for numbers in group_by_length([len(row) for row in rows]):
        group = [rows[n] for n in numbers]
        predicted = sum(branch.response_length for row in group for branch in row.branches)
        passes.append(Pass(len(group), max(map(len, group)), predicted, len(group)))
    return passes


def _judges(recipe: PcpoRecipe, policy: MetaModel, products: Sequence[Product]) -> dict[str, JudgeMemory]:
    """Who ranks, and who watches, by the name of the phase."""
    found: dict[str, JudgeMemory] = {}
    heldout = heldout_of(recipe.judge.model, recipe.judge.heldout)
    given, with_caption = recipe.pcpo, recipe.judge.caption
    comparisons = max(given.candidates * (given.candidates - 1), recipe.eval.ads * (recipe.eval.ads + 1)) // 2
    for name, source in (("rank", recipe.judge.model), ("watch", heldout)):
        if source is None or kind_of(source) != "trained" or not is_there(source):
            continue
        facts = storage.read_facts(storage.locate(source))
        folder = loading.locate(recipe.policy.base)
        folder = loading.locate(str(base_of_adapter(folder) or folder))
        shared = policy if ARCHITECTURES[facts.arch].language_model and same_base(facts, folder) else None
        texts = _texts(products) if with_caption else ()
        found[name] = judge_needs(source, recipe.planned_runtime(), texts, TOGETHER * comparisons, shared)
    return found


def _judged(name: str, judge: JudgeMemory, here: Phase, recipe: PcpoRecipe) -> list[Phase]:
    """Painting for a judge, and its ranking; the painter stays in between."""
    weights, canvas = PAINTERS[recipe.painter.name].memory(recipe.diffusion, parse_size(recipe.painter.size))
    there = here
    if not judge.shares:
        home = Phase("") if judge.speaks else here
        there = replace(home, weights=home.weights + judge.weights, adapters=home.adapters + judge.adapters)
    there = replace(there, weights=there.weights + weights)
    paint = [replace(there, name="paint", activations=canvas)] if name == "rank" and canvas else []
    return [*paint, replace(there, name=name, activations=judge.activations)]


def _relevance(recipe: PcpoRecipe, products: Sequence[Product]) -> Phase:
    """A model that looks at the ads of one product at a time, alone."""
    one = load_meta_model(str(recipe.eval.relevance), recipe.planned_runtime())
    length = model_memory.longest(one.mllm, _texts(products)) + 64  # its question
    passes = [Pass(recipe.eval.ads, length, 4 * recipe.eval.ads, recipe.eval.ads)]
    room = max(model_memory.looking(one, recipe.eval.ads), model_memory.asking(one, passes))
    return Phase("relevance", one.base, FLOAT * one.adapter, activations=room)


def _texts(products: Iterable[Product]) -> list[str]:
    return ["\n".join(knowledge(product.caption, product.attributes)) for product in products]
