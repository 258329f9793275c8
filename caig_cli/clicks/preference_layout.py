"""Writes pairs of ads in Hugging Face's preference layout, which ``data.preference_tables`` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from caig_cli.data.creatives import open_creative
from caig_cli.data.preference_tables import PICTURE, layout_schema, message, words
from caig_cli.engine.files import png_bytes, to_json
from caig_cli.engine.replacing import replaced_file
from caig_cli.engine.report import Bar
from caig_cli.errors import UsageError
from caig_cli.records import Creative, Pair

QUESTION = "The pictures show two ads of one product. Which of them gets more clicks, left or right?"
"""What is asked where a pair brings no question."""
_ROWS = 64
"""Rows that are written at once."""
_OWN = {
    **dict.fromkeys(("id", "item", "caption", "category", "attributes"), "string"),
    **dict.fromkeys(("p_left", "p_observed_left", "left_ctr", "right_ctr"), "float64"),
    **dict.fromkeys(("left_impressions", "left_clicks", "right_impressions", "right_clicks"), "int64"),
}
"""Further columns, as they are called in caig's own file of pairs, and their types."""
_OF_PAIR = ("id", "item", "caption", "category", "p_left", "p_observed_left")


def preference_file(path: Path) -> Path:
    """Beside ``NAME.jsonl``: ``NAME.hf.parquet``."""
    return path.with_name(f"{path.stem}.hf.parquet")


def check_parquet() -> None:
    """Raises UsageError where Parquet files can't be written."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise UsageError("pairs.hugging_face needs pyarrow; install caig[parquet]") from None


def write_preferences(path: Path, pairs: Iterable[Pair], bar: Bar) -> None:
    """Write the pairs whose winner is known, with their pictures: a whole file, or none."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    rows = _rows(pairs, bar)
    schema = layout_schema(_OWN)
    with (
        replaced_file(path) as partial,
        parquet.ParquetWriter(partial, schema, compression="zstd") as writer,
    ):
        while some := list(islice(rows, _ROWS)):
            writer.write_table(arrow.Table.from_pylist(some, schema))


def _rows(pairs: Iterable[Pair], bar: Bar) -> Iterator[dict[str, Any]]:
    for pair in pairs:
        bar.advance()
        if pair.target is not None:
            yield preference_row(pair)


def preference_row(pair: Pair) -> dict[str, Any]:
    """A pair as a row: pictures in the order left, right, and messages as TRL's trainers take them."""
    rejected = "right" if pair.target == "left" else "left"
    return {
        "images": [_picture(pair.left), _picture(pair.right)],
        "prompt": message("user", PICTURE, PICTURE, words(pair.question or QUESTION)),
        "chosen": message("assistant", words(str(pair.target).capitalize())),
        "rejected": message("assistant", words(rejected.capitalize())),
        **{name: getattr(pair, name) for name in _OF_PAIR},
        **{
            f"{side}_{name}": getattr(one, name)
            for side, one in (("left", pair.left), ("right", pair.right))
            for name in ("impressions", "clicks", "ctr")
        },
        "attributes": to_json(dict(pair.attributes)),
    }


def _picture(ad: Creative) -> dict[str, Any]:
    """The file of an ad, or its half of a picture that shows two."""
    if ad.half is None:
        return {"bytes": ad.image.read_bytes(), "path": ad.image.name}
    return {"bytes": png_bytes(open_creative(ad), {}), "path": f"{ad.image.stem}-{ad.half}.png"}
