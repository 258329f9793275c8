"""How surely backgrounds suit their products: by the judge's own concept, or by a model that is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caig_cli.data.images import open_image
from caig_cli.engine.offload import onloaded
from caig_cli.engine.run_dir import RunDir
from caig_cli.pcpo.candidates import ad_path
from caig_cli.pcpo.context import PcpoContext
from caig_cli.records import Creative, Product
from caig_cli.rewards.judge import TrainedJudge

STEM = "relevance"


def ask_relevance(
    ctx: PcpoContext, folder: RunDir, products: Sequence[Product], counts: Mapping[str, int]
) -> dict[str, list[float]]:
    """P(suits) of the first ``counts`` painted ads of each product, by the recipe's relevance judge."""
    assert ctx.relevance is not None
    done = ctx.processes.read(folder, STEM)
    with (
        ctx.run.timed("relevance"),
        onloaded(ctx.relevance.mllm.model, ctx.runtime.device, [ctx.policy.model]),
        ctx.report.progress("looking for relevance", len(products)) as bar,
    ):
        for product in ctx.processes.shard(products):
            if product.id not in done:
                ads = [open_image(ad_path(folder, product, k)) for k in range(counts[product.id])]
                row = {"product": product.id, "suits": ctx.relevance.suits(product, ads)}
                ctx.processes.write(folder, STEM, [row])
            bar.advance(ctx.processes.size)
    ctx.processes.wait()
    rows = ctx.processes.read(folder, STEM)
    return {product.id: [float(p) for p in rows[product.id]["suits"]] for product in products}


def relevance(
    ctx: PcpoContext, folder: RunDir, products: Sequence[Product], counts: Mapping[str, int]
) -> dict[str, list[float]] | None:
    """As ``ask_relevance``, by the judge's own concept where it has one; None where nobody can say."""
    judge = ctx.judge.judge
    if isinstance(judge, TrainedJudge) and judge.has_relevance:
        found: dict[str, list[float]] = {}
        with ctx.judge.on_device(), ctx.run.timed("relevance"):
            for product in products:
                ads = [Creative(ad_path(folder, product, k)) for k in range(counts[product.id])]
                found[product.id] = judge.suits(ads)
        return found
    return None if ctx.relevance is None else ask_relevance(ctx, folder, products, counts)
