"""The first steps of a round: which products, their prompts, their ads, and what the judge says of these.

Each step leaves its result in the round's folder and finds it there again, so that a killed run goes on in
the middle of any of them and ends in the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.mllm.resampling import resample_duplicates
from caig_cli.pcpo.candidates import (
    VERDICTS,
    CandidateJob,
    Match,
    NamedJudge,
    Prompts,
    between,
    paint,
    paint_seed,
    painter_on_device,
    rank,
    sample,
)
from caig_cli.pcpo.context import PcpoContext
from caig_cli.pcpo.loaded_judge import LoadedJudge
from caig_cli.pcpo.policy import starting_state
from caig_cli.pcpo.preference_pairs import UNUSABLE, comparisons, wanted_pairs
from caig_cli.pcpo.surrogate import Surrogate
from caig_cli.pcpo.unpainted import choose_to_paint
from caig_cli.records import Pair, Product

UNPAINTED, UNPAINTED_START = "unpainted", "unpainted-start"
"""Folders of a round: prompts that nobody paints, by the policy as it is and as it started."""


def sample_candidates(
    ctx: PcpoContext,
    folder: RunDir,
    products: Sequence[Product],
    number: int,
    surrogate: Surrogate | None = None,
) -> dict[str, list[str]]:
    """The policy's prompts to paint for each product; a repeated or empty one is drawn again a few times.

    Where more are sampled than painted, ``surrogate`` says which of them it is least sure of.
    """
    given, how = ctx.recipe.pcpo, ctx.recipe.surrogate
    count = max(given.candidates, how.candidates) if surrogate is not None else given.candidates

    def write(group: Sequence[Product]) -> list[list[str]]:
        drawn = _draw(ctx, group, count, number)
        return [choose_to_paint(some, surrogate, given.candidates, how.random_share) for some in drawn]

    return sample(write, products, ctx.writer_batch, folder, ctx.processes, ctx.report)


def sample_unpainted(
    ctx: PcpoContext, folder: RunDir, products: Sequence[Product], number: int
) -> dict[str, list[str]]:
    """Prompts for products that nobody paints: half by the starting policy, half by the policy as it is."""
    count = ctx.recipe.surrogate.candidates
    parts = folder.part(UNPAINTED), folder.part(UNPAINTED_START)
    now, start = (partial(_draw, ctx, count=n, number=number) for n in (count - count // 2, count // 2))
    with starting_state(ctx.policy):
        by_start = sample(start, products, ctx.writer_batch, parts[1], ctx.processes, ctx.report)
    by_now = sample(now, products, ctx.writer_batch, parts[0], ctx.processes, ctx.report)
    return {one.id: [*by_start[one.id], *by_now[one.id]] for one in products}


def prompts_of_start(ctx: PcpoContext, last: int) -> dict[str, list[str]]:
    """What the starting policy wrote for the unpainted products of all rounds up to ``last``."""
    found: dict[str, list[str]] = {}
    for number in range(1, last + 1):
        for product, row in ctx.processes.read(ctx.folder(number).part(UNPAINTED_START), "prompts").items():
            found.setdefault(product, []).extend(text for text in row["prompts"] if text)
    return found


def _draw(ctx: PcpoContext, group: Sequence[Product], count: int, number: int) -> list[list[str]]:
    seed = derive_seed(ctx.recipe.seed, "round", number)
    return resample_duplicates(partial(ctx.write, group), count, seed, [product.id for product in group])


def paint_and_rank(
    ctx: PcpoContext, folder: RunDir, products: Sequence[Product], prompts: Prompts, number: int
) -> None:
    """Ads of all candidates, and the judge's verdicts on every two of a product."""
    with_caption = ctx.recipe.judge.caption

    def match(product: Product) -> list[Pair]:
        return between(folder, product, comparisons(prompts[product.id]), with_caption)

    seed = derive_seed(ctx.recipe.seed, "round", number)
    show_to(ctx, ctx.judge, VERDICTS, folder, products, prompts, match, seed)


def show_to(
    ctx: PcpoContext,
    loaded: LoadedJudge,
    stem: str,
    folder: RunDir,
    products: Sequence[Product],
    prompts: Prompts,
    match: Match,
    seed: int,
) -> None:
    """Let a judge see pairs of ads as soon as they are painted; ads that are there are not painted again."""
    jobs = [
        CandidateJob(
            product, ctx.cutouts.path(product), tuple(prompts[product.id]), paint_seed(seed, product)
        )
        for product in ctx.processes.shard(products)
    ]
    painted = paint(jobs, ctx.recipe.painter, ctx.means, folder, ctx.pool)
    at_work = painter_on_device(ctx.recipe.painter, ctx.means, ctx.runtime.device)
    with (
        ctx.report.progress(f"painting and judging ({stem})", len(products)) as bar,
        loaded.on_device(),
        at_work,
    ):
        for _ in rank(match, products, NamedJudge(loaded.judge, stem), folder, ctx.processes, painted):
            bar.advance(ctx.processes.size)
    ctx.processes.wait()


def round_products(ctx: PcpoContext, number: int) -> tuple[list[Product], list[Product], Counter[str]]:
    """A round's products to paint, and further ones; the pairs that unusable images lose are counted."""
    given, how = ctx.recipe.pcpo, ctx.recipe.surrogate
    painted = given.products_per_round
    wanted = ctx.split.of_round(number, None if painted is None else painted + how.products)
    first = wanted[:painted]
    ctx.cutouts.cut(wanted)
    ctx.processes.wait()
    usable = ctx.cutouts.usable(first)
    lost = (len(first) - len(usable)) * wanted_pairs(given, given.candidates)
    unpainted = ctx.cutouts.usable(wanted[len(first) :])
    return usable, unpainted, Counter({UNUSABLE: lost} if lost else {})
