"""``--product FEED``: a shop's feed, or a file of the user's own, as products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from caig_cli.clicks.platforms import missing
from caig_cli.data.images import shown
from caig_cli.data.product_columns import Columns, column_name, shot_options
from caig_cli.data.products import MAX_ATTRIBUTES, Find, read_products, safe_name, untaken, with_masks
from caig_cli.data.tables import Record, clean_text
from caig_cli.errors import DataError, ItemError
from caig_cli.feeds import grouping
from caig_cli.feeds.grouping import Draft
from caig_cli.feeds.options import FeedOptions
from caig_cli.feeds.pictures import Finder, Photo, is_address
from caig_cli.feeds.platforms import FeedLayout, lay_out, named
from caig_cli.feeds.rows import FeedRow, rows_of
from caig_cli.feeds.tables import ALWAYS, MAYBE, FeedTable, feed_file, is_packed, open_feed
from caig_cli.records import Failure, FeedEntry, Product

PICTURES = ("image", "images", "variant_image", "lifestyle")
"""Fields that hold pictures."""
MAX_PHOTOS = 10
"""Photos of a product that are tried, one after the other."""
_OWN = frozenset({"caption", "new_caption", "mask", "prompt", "attributes"})
"""Columns that only a user's own table of products has."""
_NAMED = 3
"""Products that are named where a line is about many."""

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Read:
    """A feed that was read: products with the rows that they are of, and what to say of it."""

    products: tuple[tuple[Product, FeedRow], ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    warned: tuple[str, ...]


def read_source(
    source: Path,
    options: FeedOptions,
    *,
    caption: str | None = None,
    attributes: Mapping[str, str] | None = None,
    mask: Path | None = None,
    allow_outside: bool = False,
    recursive: bool = False,
    columns: Columns = Columns(),  # noqa: B008 (frozen)
    notify: Notify = lambda line: None,
    inform: Notify = lambda line: None,
) -> tuple[list[Product], list[Failure]]:
    """The products of a feed, or what ``read_products`` reads.

    A file is a feed by its ending, by what the user says of it, or where its header is that of a known shop
    system or catalogue. ``notify`` is told what a user should know, ``inform`` how the feed was understood.
    Raises DataError where the source as a whole is unusable.
    """
    if not is_feed(source, options):
        find: Find = _advise
        if options.images or options.fetch or options.store:
            folder = source if source.is_dir() else source.parent
            find = _finder(folder, options, allow_outside).find
        return read_products(
            source, caption=caption, attributes=attributes, mask=mask, allow_outside=allow_outside,
            recursive=recursive, columns=columns, notify=notify, find=find,
        )  # fmt: skip
    if mask is not None:
        raise DataError(f"{shown(mask)}: a mask belongs to one image, not to a feed")
    stat = source.stat()
    read = _read_feed(source, options, allow_outside, (stat.st_mtime_ns, stat.st_size))
    for line in read.notes:
        inform(line)
    for line in read.warned:
        notify(line)
    products, failures = _with_shots(source, read.products, columns)
    title = clean_text(caption or "") or None
    filled = [
        replace(one, caption=one.caption or title, attributes={**(attributes or {}), **one.attributes})
        for one in products
    ]
    return with_masks(filled, notify), [*read.failures, *failures]


def _finder(folder: Path, options: FeedOptions, allow_outside: bool) -> Finder:
    return Finder(
        folder, options.images, fetch=options.fetch, allow_outside=allow_outside, store=options.store
    )


def _advise(value: str) -> None:
    """Says what can be done about a photo that is somewhere else. Raises ItemError for a web address."""
    if is_address(value):
        raise ItemError(
            f"'{shown(value[:120])}' is a web address; --fetch downloads it, "
            "--images names a folder with its file"
        )


def is_feed(source: Path, options: FeedOptions) -> bool:
    """Whether a source is a shop's feed and no file of the user's own. Raises DataError for a broken one."""
    if not source.is_file():
        return False
    suffix = feed_file(source).suffix
    if options.columns or options.platform != "auto" or suffix in ALWAYS or is_packed(source):
        return True
    if suffix not in MAYBE:
        return False
    try:
        header = open_feed(feed_file(source), {}).header
    except DataError:
        return False  # the reader of the user's own files says what is wrong
    layout = lay_out(header)
    names = {column_name(title) for title in header}
    if "@type" in header:
        return True  # schema.org
    if "image" in names and (layout.platform.name == "generic" or names & _OWN):
        return False
    return bool(set(PICTURES) & set(layout.places)) or options.images is not None


@lru_cache(maxsize=1)  # an order is made several times in a run
def _read_feed(source: Path, options: FeedOptions, allow_outside: bool, stamp: tuple[int, int]) -> _Read:
    """``stamp`` changes when the file does."""
    given = dict(options.columns)
    file = feed_file(source)
    table = open_feed(file, given)
    layout = lay_out(table.header, named(options.platform), given)
    _check(file.name, table, layout, options)
    finder = _finder(source.parent, options, allow_outside)
    failures: list[Failure] = []
    rows = _usable(table, layout, failures)
    found = grouping.families(rows)
    drafts = [one for family in found for one in grouping.drafts(family, options.variants)]
    products = _products(file.name, layout, drafts, finder, failures)
    _check_any(file.name, products, failures, drafts, options)
    notes = [f"{shown(file.name)}: read as {layout.platform.title}: {len(products)} products", *table.notes]
    return _Read(tuple(products), tuple(failures), tuple(notes), tuple(_remarks(drafts, finder)))


def _usable(table: FeedTable, layout: FeedLayout, failures: list[Failure]) -> Iterator[FeedRow]:
    for row in rows_of(table, layout):
        if isinstance(row, Failure):
            failures.append(row)
        else:
            yield row


def _check(name: str, table: FeedTable, layout: FeedLayout, options: FeedOptions) -> None:
    if not set(PICTURES) & set(layout.places) and options.images is None:
        found = shown(missing("", table.header))
        raise DataError(f"{shown(name)}: no column of pictures; {found}; name it with --column image=NAME")


def _check_any(
    name: str,
    products: Sequence[object],
    failures: Sequence[Failure],
    drafts: Sequence[Draft],
    options: FeedOptions,
) -> None:
    """Raises DataError where there is nothing, and where all photos are somewhere else."""
    if not products and not failures:
        raise DataError(f"{shown(name)}: no products in this feed; export it again")
    pictures = [one for draft in drafts for one in draft.pictures]
    if not products and pictures and all(map(is_address, pictures)) and not (options.fetch or options.images):
        raise DataError(
            f"{shown(name)}: its photos are web addresses ({shown(pictures[0][:100])}): "
            "--fetch downloads them, --images names a folder that has their files"
        )


def _products(
    name: str, layout: FeedLayout, drafts: Sequence[Draft], finder: Finder, failures: list[Failure]
) -> list[tuple[Product, FeedRow]]:
    products: list[tuple[Product, FeedRow]] = []
    lines: dict[str, int] = {}
    taken: set[str] = set()
    for draft in drafts:
        place = f"{shown(name)}:{draft.row.line}"
        identifier = _identifier(draft)
        try:
            photos = _photos(draft, finder)
            if identifier in lines:
                used = f"'{shown(identifier[:80])}' is already used in line {lines[identifier]}"
                raise ItemError(f"id: {used}; rename it")
        except ItemError as error:
            failures.append(Failure(place, f"{place}: {error}"))
            continue
        lines[identifier] = draft.row.line
        product = Product(
            id=untaken(safe_name(identifier), identifier, taken),
            image=photos[0].path,
            caption=grouping.title_of(draft),
            attributes=dict(list(grouping.attributes_of(draft).items())[:MAX_ATTRIBUTES]),
            more=tuple(dict.fromkeys(one.path for one in photos[1:] if one.path != photos[0].path)),
            addresses={one.path: one.address for one in photos if one.address is not None},
            feed=_entry(layout, draft),
        )
        products.append((product, draft.row))
    return products


def _identifier(draft: Draft) -> str:
    """The product's name in the feed: of one that stands for its variants the product's, else the row's."""
    head, row = draft.head, draft.row
    if draft.whole and not row.first("id") and (group := head.first("group")):
        return group
    own = row.key or (None if draft.several else head.key)
    named_by = (
        [head.first("group"), *(value for _, value in row.options)]
        if draft.several
        else [head.first("group")]
    )
    return own or "-".join(filter(None, named_by)) or grouping.title_of(draft) or f"line-{row.line}"


def _photos(draft: Draft, finder: Finder) -> list[Photo]:
    """The photos that can be had, the main one first. Raises ItemError where none can."""
    found: list[Photo] = []
    fault: ItemError | None = None
    for value in draft.pictures:
        try:
            found.append(finder.find(value))
        except ItemError as error:
            fault = fault or error
        if len(found) == MAX_PHOTOS:
            break
    if found:
        return found
    keys = [*draft.ids, draft.head.first("group") or "", draft.row.first("sku") or ""]
    if called := finder.by_name(keys):
        return [called]
    if fault is not None:
        raise fault
    title = grouping.title_of(draft) or "this product"
    raise ItemError(f"no picture of '{shown(title[:60])}'; give its address, or a file of its id in --images")


def _entry(layout: FeedLayout, draft: Draft) -> FeedEntry:
    head = draft.head
    group = head.first("group") or (head.key if draft.several else None)
    sku = draft.row.first("sku") or head.first("sku")
    title = head.first("title") or draft.row.first("title")
    return FeedEntry(
        layout.platform.name, tuple(draft.ids), group, sku, title, tuple(draft.pictures), draft.others
    )


def _with_shots(
    source: Path, found: Sequence[tuple[Product, FeedRow]], columns: Columns
) -> tuple[list[Product], list[Failure]]:
    """The products with what their rows say of their ads."""
    products, failures = [], []
    for product, row in found:
        if not row.shots:
            products.append(product)
            continue
        values = Record(source, row.line, dict(row.shots))
        try:
            products.append(replace(product, options=shot_options(values, values.values, columns)))
        except ItemError as error:
            failures.append(Failure(values.where(), str(error)))
    return products, failures


def _remarks(drafts: Sequence[Draft], finder: Finder) -> Iterator[str]:
    """What a merchant may want to decide otherwise."""
    for test, what in (
        (grouping.is_absent, "out of stock"),
        (grouping.is_unpublished, "not for sale (drafts, hidden or archived)"),
    ):
        some = [_identifier(draft) for draft in drafts if test(draft)]
        if some:
            listed = ", ".join(shown(one[:40]) for one in some[:_NAMED])
            more = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
            yield f"{what}, but made ads of: {listed}{more} ({len(some)} of {len(drafts)} products)"
    if others := sum(draft.others for draft in drafts):
        yield f"{others} variants have pictures of their own; --variants picture makes ads of them"
    if finder.upgraded:
        yield f"{finder.upgraded} addresses begin with http://; they are fetched by https"
    titles = Counter(grouping.title_of(draft) for draft in drafts)
    if titles[None]:
        yield f"{titles[None]} products have no title; name its column with --column title=NAME"
