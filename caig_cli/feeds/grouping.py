"""Rows of a feed -> products: variants of one product together, all of its pictures at one place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from caig_cli.clicks.platforms import fold
from caig_cli.feeds import values
from caig_cli.feeds.options import Variants
from caig_cli.feeds.rows import FeedRow, option_field

_SHARED = frozenset({"brand", "category", "material", "gender", "age_group", "currency"})
"""Fields in which a variant is like the row that stands for the product, where it does not say otherwise."""

_PICTURES_ONLY = frozenset({"image", "media", "video", "rule"})
"""Kinds of rows that are no variant."""


@dataclass(slots=True)
class Variant:
    """A row that is for sale, and the pictures that are its own."""

    row: FeedRow
    pictures: list[str]

    @property
    def main(self) -> str | None:
        """The picture that shows it."""
        return self.pictures[0] if self.pictures else None


@dataclass(slots=True)
class VariantGroup:
    """Variants of one product, the one that stands for it first.

    ``lead`` are the pictures of its own row, the main one first; ``shared`` those of rows of pictures.
    """

    variants: list[Variant]
    lead: list[str]
    shared: list[str] = field(default_factory=list)

    @property
    def head(self) -> FeedRow:
        """The row that stands for the product."""
        return self.variants[0].row


@dataclass(frozen=True, slots=True)
class Draft:
    """A product to make ads of: its row, what stands for missing values, its pictures, and whose they are."""

    row: FeedRow
    head: FeedRow
    pictures: Sequence[str]
    ids: Sequence[str]
    others: int
    """Variants with other pictures that are not made ads of."""
    whole: bool
    """Whether it stands for all of its variants."""
    several: bool
    """Whether the product has variants at all."""


def families(rows: Iterable[FeedRow]) -> list[VariantGroup]:
    """The products of a feed in its order.

    Rows without a title that follow a product, or have its group, bring further pictures and variants; titled
    rows are variants of one product where they share a group, or where one names the other as its parent.
    """
    found: list[VariantGroup] = []
    by_group: dict[str, VariantGroup] = {}
    by_key: dict[str, VariantGroup] = {}
    waiting: list[FeedRow] = []
    for row in rows:
        group, parent = row.first("group"), _reference(row.first("parent"))
        owner = by_group.get(group) if group else None
        if owner is None and row.follows and found:
            owner = found[-1]
        if owner is None and row.key in by_key and not (row.fields.get("title") and _own(row)):
            owner = by_key[str(row.key)]  # the same product once more, such as for another language
        if owner is not None and not (group and row.fields.get("title")):
            _join(owner, row)
        elif owner is not None:
            owner.variants.append(Variant(row, _own(row)))
        elif parent and parent not in by_key:
            waiting.append(row)
        elif parent:
            by_key[parent].variants.append(Variant(row, _own(row)))
        else:
            family = _start(row)
            found.append(family)
            if group:
                by_group[group] = family
            for key in _keys(row):
                by_key.setdefault(key, family)
    return _merged(found, by_key, waiting)


def _start(row: FeedRow) -> VariantGroup:
    own, variant = _own(row), values.pictures(row.fields.get("variant_image", ()))
    if (
        "variant_image" in row.fields
    ):  # where variants have a column of their own, the others are the product's
        return VariantGroup([Variant(row, variant)], own, list(own))
    return VariantGroup([Variant(row, own)], own)


def _join(family: VariantGroup, row: FeedRow) -> None:
    """Add a row without a title: pictures of the product, and maybe a variant."""
    own, variant = _own(row), values.pictures(row.fields.get("variant_image", ()))
    grouped = bool(row.first("group"))
    is_picture = fold(row.first("kind") or "") in _PICTURES_ONLY
    sku = row.first("sku")
    is_variant = not is_picture and (row.has_option or (bool(sku) and sku != family.head.first("sku")))
    if is_variant:
        family.variants.append(Variant(row, variant or ([] if grouped else own)))
    if grouped or not is_variant:
        family.shared += [one for one in own if one not in family.shared]


def _merged(
    found: list[VariantGroup], by_key: Mapping[str, VariantGroup], waiting: Sequence[FeedRow]
) -> list[VariantGroup]:
    """With the variants whose parent comes later or not at all, and those that a parent lists."""
    orphans: dict[str, VariantGroup] = {}
    for row in waiting:
        parent = _reference(row.first("parent")) or ""
        family = by_key.get(parent) or orphans.get(parent)
        if family is None:
            orphans[parent] = _start(row)
        else:
            family.variants.append(Variant(row, _own(row)))
    gone: set[int] = set()
    for family in found:
        for sku in _children(family.head):
            child = by_key.get(sku)
            if child is not None and child is not family and id(child) not in gone:
                family.variants += child.variants
                gone.add(id(child))
    return [family for family in (*found, *orphans.values()) if id(family) not in gone]


def _children(row: FeedRow) -> Iterator[str]:
    for cell in row.fields.get("children", ()):
        for part in cell.split("|"):
            for one in part.split(","):
                name, equals, value = one.partition("=")
                if not equals or name.strip() == "sku":
                    yield (value if equals else name).strip()


def _own(row: FeedRow) -> list[str]:
    found = values.pictures([*row.fields.get("image", ()), *row.fields.get("images", ())])
    return found or values.pictures([*row.fields.get("variant_image", ()), *row.fields.get("lifestyle", ())])


def _keys(row: FeedRow) -> list[str]:
    return [key for name in ("id", "sku") if (key := row.first(name))]


def _reference(parent: str | None) -> str | None:
    """The id or SKU that a cell of parents names; WooCommerce writes ``id:12`` for an id."""
    return parent.removeprefix("id:").strip() if parent else None


# --- which of them ads are made of -----------------------------------------------------------------


def drafts(family: VariantGroup, variants: Variants) -> list[Draft]:
    """The products that a family becomes."""
    several = len(family.variants) > 1
    if variants == "one" or not several:
        return [_one(family, several)]
    common = list(dict.fromkeys([*family.lead, *family.shared]))
    shown = [one for one in family.variants if one.pictures or (common and not _stands_for_others(one.row))]
    groups: dict[str, list[Variant]] = {}
    for number, one in enumerate(shown):
        main = one.main or common[0]
        groups.setdefault(main if variants == "picture" else str(number), []).append(one)
    if not groups:
        return [_one(family, several)]
    return [
        Draft(
            some[0].row, family.head,
            some[0].pictures or common,
            _ids(some), 0, whole=False, several=True,
        )
        for some in groups.values()
    ]  # fmt: skip


def _stands_for_others(row: FeedRow) -> bool:
    """Whether a row only stands for its variants and is not for sale itself."""
    return fold(row.first("kind") or "") in ("variable", "configurable", "parent")


def _one(family: VariantGroup, several: bool) -> Draft:
    shown = [] if family.lead or family.shared else [one for one in family.variants if one.pictures]
    first = shown[0] if shown else family.variants[0]
    pictures = list(dict.fromkeys([*family.lead, *family.shared, *first.pictures]))
    main = pictures[0] if pictures else None
    same = [one for one in family.variants if one.main in (None, main) or one is first]
    row = first.row
    ids = [*_ids([one for one in same if one.row is row]), *_ids([one for one in same if one.row is not row])]
    others = len(family.variants) - len(same)
    return Draft(row, family.head, pictures, ids, others, whole=True, several=several)


def _ids(variants: Sequence[Variant]) -> list[str]:
    """The keys of rows; one that only stands for its variants counts if it has a picture."""
    variants = [one for one in variants if one.pictures or not _stands_for_others(one.row)]
    return list(dict.fromkeys(key for one in variants if (key := one.row.key)))


# --- what is said of them --------------------------------------------------------------------------


def title_of(draft: Draft) -> str | None:
    """The title as plain text; of a description without a title the first sentence."""
    for row in (draft.row, draft.head):
        if title := row.first("title"):
            return values.plain(title) or None
    for row in (draft.row, draft.head):
        if description := row.first("description"):
            return values.sentence(description) or None
    return None


def attributes_of(draft: Draft) -> dict[str, str]:
    """Facts for the prompt model and the table of heights, those that say most of a picture first."""
    row, head = draft.row, draft.head
    fields = {name: cells for name, cells in head.fields.items() if name in _SHARED} | dict(row.fields)
    options = {**head.facts, **row.facts, **_options(draft)}
    found: dict[str, str | None] = dict.fromkeys(("colour", "material", "type", "size", "pattern", "brand"))
    found["type"] = values.category(fields.get("category", ()))
    for name in ("colour", "material", "size", "pattern", "brand"):
        found[name] = _plain(fields.get(name))
    for name, value in options.items():
        one = option_field(name) or name
        found[one] = found.get(one) or values.plain(value)
    found["gender"], found["age group"] = _plain(fields.get("gender")), _plain(fields.get("age_group"))
    for name in ("height", "width", "length"):
        found[name] = found.get(name) or _plain(fields.get(name))
    currency = next(iter(fields.get("currency", ())), None)
    for name, field_name in (("price", "price"), ("sale price", "sale_price")):
        found[name] = values.price(fields[field_name][0], currency) if fields.get(field_name) else None
    for name in ("gtin", "mpn"):
        found[name] = _plain(fields.get(name))
    if (found["brand"] or "").isdecimal():
        found["brand"] = None  # an id of the shop system
    return {name: value for name, value in found.items() if value}


def _options(draft: Draft) -> dict[str, str]:
    """Options of the row, whose names may stand in the product's row only.

    A row that stands for several variants lists all values that there are: none is what the photo shows.
    """
    names = [name for name, _ in draft.head.options]
    found = {}
    for number, (name, value) in enumerate(draft.row.options):
        called = name or (names[number] if number < len(names) else "")
        if called and value and not (draft.several and re.search(r"[,;|]", value)):
            found[called] = value
    return found


def _plain(cells: Sequence[str] | None) -> str | None:
    return (values.plain(cells[0])[:200] or None) if cells else None


def is_absent(draft: Draft) -> bool:
    """Whether it can't be bought now."""
    return any(values.is_absent(cell) for cell in draft.row.fields.get("availability", ())[:1])


def is_unpublished(draft: Draft) -> bool:
    """Whether it is not for sale at all."""
    return any(values.is_unpublished(cell) for cell in draft.head.fields.get("published", ()))
