"""The end of a run of ads, whether it made them or merged shards of them: the report, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caig_cli.engine.outcome import Outcome
from caig_cli.engine.row_file import Mapped
from caig_cli.engine.run_dir import RunDir
from caig_cli.generating.failures import write_failures
from caig_cli.generating.order import Order
from caig_cli.generating.photos import PhotoCheck, cutout_file
from caig_cli.painters.ad_report import CutoutPicture, show_ads
from caig_cli.painters.ad_store import Album, Row
from caig_cli.records import Failure

_RESULT = ("product", "prompt", "seed", "score", "id")


def finish(
    run: RunDir, order: Order, album: Album, looks: Sequence[PhotoCheck], failures: Sequence[Failure]
) -> Outcome:
    """Write what was not used and the report; the outcome has all ads of the run folder."""
    ads = album.ordered(order.ranks)
    write_failures(run, failures)
    with run.timed("report"):
        cutouts = [
            CutoutPicture(one.product, cutout_file(run.path, one.product.id), one.facts, one.error)
            for one in looks
        ]
        show_ads(run, order.origin, ads, cutouts, failures)
    return _outcome(run, ads, failures)


def _outcome(run: RunDir, ads: Sequence[Row], failures: Sequence[Failure]) -> Outcome:
    def path(row: Row) -> str:
        return str(run.path / row["path"])

    def shown(row: Row) -> dict[str, Any]:
        return {"path": path(row)} | {key: row.get(key) for key in _RESULT}

    failed = [{"product": failure.item, "error": failure.error} for failure in failures]
    result = {"ads": Mapped(shown, ads), "failed": failed}
    return Outcome(result, tuple(failures), Mapped(path, ads), reported=True)
