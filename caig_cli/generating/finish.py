"""The end of a run of ads, whether it made them or merged shards of them: the report, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.run_dir import RunDir
from caig_cli.generating.failures import write_failures
from caig_cli.generating.order import Order
from caig_cli.generating.photos import PhotoCheck, picture
from caig_cli.painters.ad_report import CutoutPicture, show_ads
from caig_cli.painters.ad_store import Album, Row
from caig_cli.records import Failure

_RESULT = ("product", "prompt", "seed", "score", "id")


def finish(
    run: RunDir, order: Order, album: Album, looks: Sequence[PhotoCheck], failures: Sequence[Failure]
) -> Outcome:
    """Write what was not used and the report; the outcome has all ads of the run folder."""
    ads = in_order(album.rows(), order)
    write_failures(run, failures)
    with run.timed("report"):
        cutouts = [
            CutoutPicture(one.product, picture(run, one.product), one.facts, one.error) for one in looks
        ]
        show_ads(run, order.origin, ads, cutouts, failures)
    return _outcome(run, ads, failures)


def in_order(rows: Sequence[Row], order: Order) -> list[Row]:
    """The manifest's rows as the products come."""
    rank = {item.product.id: number for number, item in enumerate(order.items)}
    return sorted(rows, key=lambda row: (rank.get(row["product"], 0), row["index"]))


def _outcome(run: RunDir, ads: Sequence[dict[str, Any]], failures: Sequence[Failure]) -> Outcome:
    shown = [{"path": str(run.path / row["path"])} | {key: row.get(key) for key in _RESULT} for row in ads]
    failed = [{"product": failure.item, "error": failure.error} for failure in failures]
    lines = tuple(str(one["path"]) for one in shown)
    return Outcome({"ads": shown, "failed": failed}, tuple(failures), lines, told=True)
