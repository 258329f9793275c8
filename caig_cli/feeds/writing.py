"""Ads of a run -> a file that brings them to a shop or catalogue, beside the pictures that are there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from caig_cli.data.images import shown
from caig_cli.errors import UsageError
from caig_cli.feeds.pictures import is_address
from caig_cli.feeds.targets import Target

MAX_ADDRESS = 2000
"""Characters of one address that catalogues accept."""

OutRow = dict[str, list[str]]
"""Column -> its values; several in a column of pictures."""


@dataclass(frozen=True, slots=True)
class Advertised:
    """A product and its ads, best first: (address, alt text) each."""

    product: str
    ads: Sequence[tuple[str, str]]
    entry: Mapping[str, Any]
    """Where it stands in the feed that it came from, as the manifest says; empty where it is of no feed."""
    title: str


@dataclass(slots=True)
class Written:
    """Rows of a file, and what did not fit."""

    rows: list[OutRow] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    """Product -> ads that found no room."""
    variants: int = 0
    """Variants that have other pictures, and no row."""


def base_address(base: str) -> str:
    """The address of the folder that the ads will be in. Raises UsageError."""
    parts = urlsplit(base.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            f"--base-url {shown(base)}: must be a folder's address, such as https://cdn.shop/ads/"
        )
    path = quote(parts.path, safe="/%:@!$&'()*+;=~-._")
    host = parts.netloc.encode("idna").decode("ascii")
    return f"{parts.scheme}://{host}{path.rstrip('/')}/"


def ad_address(base: str, path: str) -> str:
    """Where an ad of a run folder will be: its path below ``ads/``, after the base. Raises UsageError."""
    parts = PurePosixPath(path).parts
    inner = parts[1:] if len(parts) > 1 and parts[0] == "ads" else parts
    address = base + "/".join(quote(part, safe="-._~") for part in inner)
    if len(address) > MAX_ADDRESS:
        raise UsageError(
            f"{shown(path)}: its address has more than {MAX_ADDRESS} characters; shorten --base-url"
        )
    return address


def advertised(rows: Iterable[Mapping[str, Any]], base: str) -> list[Advertised]:
    """The products of a manifest in its order, with the addresses of their ads."""
    by_product: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_product.setdefault(str(row["product"]), []).append(row)
    found = []
    for product, ads in by_product.items():
        ads.sort(key=lambda row: (int(row["index"]), str(row["path"])))
        entry = ads[0].get("feed") or {}
        title = str(ads[0].get("title") or entry.get("title") or product)
        named = [(ad_address(base, str(ad["path"])), str(ad.get("alt") or title)) for ad in ads]
        found.append(Advertised(product, named, entry, title))
    return found


def written(products: Sequence[Advertised], target: Target) -> Written:
    """The rows of a file for ``target``."""
    done = Written()
    for one in products:
        done.variants += int(one.entry.get("others") or 0)
        if target.rows == "picture":
            done.rows += _picture_rows(one, target, done)
        else:
            done.rows += _product_rows(one, target, done)
    return done


def _picture_rows(one: Advertised, target: Target, done: Written) -> Iterator[OutRow]:
    """A row for each ad, after the pictures that the product has."""
    there = len(one.entry.get("pictures") or ())
    room = max(0, target.most - there)
    _note(one, len(one.ads) - room, done)
    for number, (address, alt) in enumerate(one.ads[:room], start=1):
        cells = {
            target.group: str(one.entry.get("group") or one.product),
            target.title_column: one.title if number == 1 else "",
            target.more: address,
            target.position: str(there + number),
            target.alt: alt,
        }
        yield {name: [value] for name, value in cells.items() if name}


def _product_rows(one: Advertised, target: Target, done: Written) -> Iterator[OutRow]:
    """A row for each id that the photo stands for; one where the list holds the main picture too."""
    ids = [str(name) for name in one.entry.get("ids") or [one.product]]
    if target.main:
        ids = ids[:1]
    addresses = [address for address, _ in one.ads]
    best = addresses[:1] if target.best else []
    rest = addresses[len(best) :]
    there = [str(picture) for picture in one.entry.get("pictures") or ()]
    kept = [picture for picture in (there if target.main else there[1:]) if is_address(picture)]
    more = _fitting(kept if target.keeps else [], rest, target)
    _note(one, len(rest) - sum(address in more for address in rest), done)
    for name in ids:
        row = {target.more: more}
        if target.id:
            row = {target.id: [name if not target.sku or name.isdecimal() else ""]} | row
        if target.sku:
            sku = str(one.entry.get("sku") or ("" if name.isdecimal() else name))
            row |= {target.sku: [sku]}
        if target.best:
            row |= {target.best: best}
        yield row


def _fitting(kept: Sequence[str], ads: Sequence[str], target: Target) -> list[str]:
    """The pictures that are there, then as many ads as find room."""
    found: list[str] = []
    for address in (*(quote(one, safe="/%:@!$&'()*+;=~-._?#") for one in kept), *ads):
        size = sum(map(len, found)) + len(found) + len(address)
        if len(found) < target.most and (target.characters is None or size <= target.characters):
            found.append(address)
    return found


def _note(one: Advertised, count: int, done: Written) -> None:
    if count > 0:
        done.left_out[one.product] = count


def to_bytes(rows: Sequence[OutRow], target: Target, suffix: str) -> bytes:
    """A file's bytes, by the ending of its name: delimited, or RSS 2.0."""
    if suffix == ".xml":
        return "".join(_rss(rows, target)).encode()
    text = io.StringIO()
    delimiter = "," if suffix == ".csv" else "\t"
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n" if suffix == ".csv" else "\n")
    writer.writerow(target.columns)
    joint = ", " if target.main else ","
    for row in rows:
        writer.writerow([" ".join(joint.join(row.get(name, ())).split()) for name in target.columns])
    return text.getvalue().encode()


def _rss(rows: Sequence[OutRow], target: Target) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n'
    yield f"<channel>\n<title>{escape(target.title)}</title>\n"
    for row in rows:
        cells = ((name, value) for name in target.columns for value in row.get(name, ()))
        yield (
            "<item>" + "".join(f"<g:{name}>{escape(value)}</g:{name}>" for name, value in cells) + "</item>\n"
        )
    yield "</channel>\n</rss>\n"
