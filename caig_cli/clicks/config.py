"""What ``caig pairs`` reads and writes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from caig_cli.clicks.choosing import Probability
from caig_cli.recipe import Section


class PairsSection(Section):
    """What to read and what to write."""

    logs: tuple[str, ...] = ()
    """Click logs: exports of ad platforms as they come (CSV, TSV, XLSX, JSON, Parquet, also packed or in an
    object store), CreativeRanking lists, CG4CTR JSON."""

    platform: str = "auto"
    """Platform whose column names are meant, such as meta, google or amazon; auto tells by the header."""

    columns: dict[str, str] = {}
    """Columns that are not found by themselves: item, image, ad, ad_id, group, campaign, day, impressions,
    clicks or event = the title in the file; an empty title leaves the column out."""

    item_pattern: str | None = None
    """Regular expression for products that are a part of a name: its first group in the column of items, if
    --column names one, else in the ads' names."""

    decimal: Literal["auto", ".", ","] = "auto"
    """Decimal mark of the numbers; auto tells by the file and refuses what may be read in two ways."""

    dates: Literal["auto", "dmy", "mdy", "ymd"] = "auto"
    """Order of day, month and year where figures alone do not tell; auto tells by the file."""

    repeats: Literal["refuse", "sum", "first"] = "refuse"
    """What a second row for an ad and day is, where no column tells the two apart: an error, more of the same
    to add up, or the same again."""

    pool: bool = False
    """Add up what several platforms say of an ad, instead of comparing ads within each platform."""

    query: str | None = None
    """SQL whose rows are read as the log (DuckDB); the given logs are its table "log"."""

    images: tuple[Path, ...] = ()
    """Folders of the ads' pictures; empty means the folder of the first log."""

    allow_outside: bool = False
    """Accept images that links lead to outside the folder."""

    plan: Path | None = None
    """Plan of the experiment that the clicks are of: where its shares changed from day to day, impressions
    count by one over their propensity, so that ads of good days are not taken for good ads."""

    out: Path | None = None
    """File to write, NAME.jsonl; with shares of validation or test, NAME_train.jsonl and so on instead."""

    overwrite: bool = False
    """Replace files that are already there."""

    official: bool = False
    """Also write both official layouts, with a 1024x512 picture of each pair."""

    hugging_face: bool = False
    """Also write NAME.hf.parquet, with pictures: the pairs whose winner is known in Hugging Face's preference
    layout (images, prompt, chosen, rejected)."""

    skip_bad: bool = False
    """Leave out malformed rows and go on, instead of ending at the first; refused where they are not a small
    random part."""

    max_bad_share: Probability = 0.05
    """Most rows of a log that may be left out, as a share."""

    validation_share: Probability = 0.0
    """Share of the items whose pairs are for validation."""

    test_share: Probability = 0.0
    """Share of the items whose pairs are for testing."""

    truth: Path | None = None
    """The market's ground_truth.jsonl: pairs are chosen by true rates, which are written in their place."""

    products: tuple[Path, ...] = ()
    """Files with caption, attributes and category by item id; empty means those beside the truth, if any."""
