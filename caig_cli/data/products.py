"""Products from an image, a folder of images, or a JSON, JSON Lines or CSV file of records.

A record has ``image`` (relative to the file's folder) and, if known, ``id``, ``caption`` (also
``new_caption`` or ``title``), ``mask`` and ``attributes`` (an object, or ``name=value; ...`` in CSV).
``prompt``, ``n``, ``seed``, ``size``, ``placement``, ``scale`` and ``cutout`` mean what the options of these
names mean, for this product. Columns ``attr_NAME`` and unknown columns with plain values become attributes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from caig_cli.data import archives
from caig_cli.data import product_folders as folders
from caig_cli.data.images import shown
from caig_cli.data.product_columns import CAPTIONS, KNOWN, Columns, column_name, near_misses, shot_options
from caig_cli.data.public_sets import as_product
from caig_cli.data.tables import TABLE_SUFFIXES, Record, clean_text, kind, read_rows, text_of
from caig_cli.errors import DataError, ItemError
from caig_cli.parsing import Malformed, parse_json
from caig_cli.records import Failure, Product

MAX_ATTRIBUTES = 64
"""Most attributes one product may have."""


class FoundPhoto(Protocol):
    """A file, and the web address that it is fetched from if it is not there yet."""

    @property
    def path(self) -> Path: ...
    @property
    def address(self) -> str | None: ...


Find = Callable[[str], FoundPhoto | None]
"""From the name or address of a photo to its file, None where it knows none. Raises ItemError saying what to
do, without a place."""

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")


def read_products(
    source: Path,
    *,
    caption: str | None = None,
    attributes: Mapping[str, str] | None = None,
    mask: Path | None = None,
    allow_outside: bool = False,
    recursive: bool = False,
    columns: Columns = Columns(),  # noqa: B008 (frozen)
    notify: Callable[[str], None] = lambda line: None,
    find: Find | None = None,
) -> tuple[list[Product], list[Failure]]:
    """All products of ``source`` and one Failure for each record or file that is unusable.

    ``caption`` and ``attributes`` fill what records leave open; ``mask`` belongs to a single image. A mask
    beside a photo, ``NAME_mask.png``, is its mask where nothing names another. ``recursive`` reads
    subfolders; ``columns`` says which columns about ads count. ``notify`` is told what a user should know.
    ``find`` is asked for images that are not where a record says.
    Product ids are safe as file names and differ even where letter case is ignored. No image is opened here.
    Raises DataError where the source as a whole is unusable.
    """
    defaults = Product("", source, clean_text(caption or "") or None, _clean(attributes or {}), mask)
    is_table = source.suffix.lower() in TABLE_SUFFIXES
    if not source.exists():
        raise DataError(
            folders.dead_link(source)
            if source.is_symlink()
            else f"{shown(source)}: no such file or folder; check the path"
        )
    if not source.is_dir() and not is_table:
        one = Product(safe_name(source.stem), source, defaults.caption, defaults.attributes, mask)
        return with_masks([one], notify), []
    if mask is not None:
        raise DataError(f"{shown(mask)}: a mask belongs to one image; name masks inside the records instead")
    if source.is_dir():
        products, failures = _from_folder(source, recursive, allow_outside, notify)
    else:
        products, failures = _from_table(source, allow_outside, columns, notify, find)
        products = with_masks(products, notify)
    shared = defaults.attributes
    merged = [
        replace(one, caption=one.caption or defaults.caption, attributes={**shared, **one.attributes})
        for one in products
    ]
    return merged, failures


def with_masks(products: list[Product], notify: Callable[[str], None]) -> list[Product]:
    """The products, with the masks that lie beside their photos where none is named; told in one line."""
    images = {one.image for one in products}
    found = {one.image: folders.mask_beside(one.image) for one in products if one.mask is None}
    masks = {image: mask for image, mask in found.items() if mask is not None and mask not in images}
    folders.tell_masks(masks, (), notify)
    return [one if one.mask else replace(one, mask=masks.get(one.image)) for one in products]


def safe_name(identifier: str) -> str:
    """The identifier if it can be a file name anywhere, else a readable form of it with a hash."""
    plain = re.sub(r"[^\w.+=@-]+", "-", identifier).strip("-.")
    unsafe = plain != identifier or len(plain.encode()) > 100 or _RESERVED.match(plain)
    return _with_hash(plain, identifier) if unsafe else plain


def _with_hash(plain: str, identifier: str) -> str:
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    short = plain.encode()[:80].decode("utf-8", "ignore")
    return f"{short}-{digest}" if short else f"item-{digest}"


def untaken(name: str, identifier: str, taken: set[str]) -> str:
    """``name``, with a hash of ``identifier`` if another product has it; remembered in ``taken``."""
    while name.casefold() in taken:
        name = _with_hash(name, identifier)
    taken.add(name.casefold())
    return name


def _clean(attributes: Mapping[str, str]) -> dict[str, str]:
    pairs = ((clean_text(name), clean_text(value)) for name, value in attributes.items())
    return {name: value for name, value in pairs if name and value}


def _from_folder(
    folder: Path, recursive: bool, allow_outside: bool, notify: Callable[[str], None]
) -> tuple[list[Product], list[Failure]]:
    """Every image of a folder that is not the mask of another."""
    files = list(folders.walk(folder, recursive, allow_outside))
    images = folders.photos(files)
    masks = folders.masks_among(images)
    taken_as_masks = set(masks.values())
    products: list[Product] = []
    taken: set[str] = set()
    for file in images:
        if file not in taken_as_masks:
            rel = file.relative_to(folder)
            name = "-".join((*rel.parts[:-1], file.stem))
            products.append(Product(untaken(safe_name(name), str(rel), taken), file, mask=masks.get(file)))
    failures = [failure for file in files if (failure := folders.failure_of(file))]
    deeper = None if recursive else folders.subfolders(folder)
    if not products and not failures:
        more = f"; {deeper}" if deeper else "; give a folder with PNG or JPEG files"
        raise DataError(f"{shown(folder)}: no image in this folder{more}")
    folders.tell_masks(masks, (one.image for one in products if folders.looks_like_mask(one.image)), notify)
    if deeper:
        notify(deeper)
    return products, failures


def _from_table(
    table: Path, allow_outside: bool, columns: Columns, notify: Callable[[str], None], find: Find | None
) -> tuple[list[Product], list[Failure]]:
    names: dict[str, None] = {}
    products: list[Product] = []
    failures: list[Failure] = []
    first_lines: dict[str, int] = {}
    taken: set[str] = set()
    for row in read_rows(table):
        if isinstance(row, Failure):
            failures.append(row)
            continue
        names.update(dict.fromkeys(map(column_name, as_product(row.values))))
        try:
            identifier, product = _product(row, allow_outside, columns, find)
            if identifier in first_lines:
                used = f"'{shown(identifier[:80])}' is already used in line {first_lines[identifier]}"
                raise row.error("id", f"{used}; rename it")
        except ItemError as error:
            failures.append(Failure(row.where(), str(error)))
            continue
        first_lines[identifier] = row.line
        products.append(replace(product, id=untaken(product.id, identifier, taken)))
    if not products and not failures:
        raise DataError(f"{shown(table)}: no records in this file; write at least one")
    if odd := near_misses(names, columns):
        notify(shown(f"{table}: {odd}"))
    return products, failures


def _product(row: Record, allow_outside: bool, columns: Columns, find: Find | None) -> tuple[str, Product]:
    """(identifier as given, product) of a row. Raises ItemError naming the field."""
    values = {column_name(name): value for name, value in as_product(row.values).items()}
    image, address = _image(row, values.get("image"), allow_outside, find)
    identifier = _identifier(row, values, image)
    captions = (text_of(row, name, values.get(name)) for name in CAPTIONS)
    caption = next((text for text in list(captions) if text), None)
    mask = inner_path(row, "mask", values.get("mask"), allow_outside)
    attributes, options = attributes_of(row, values), shot_options(row, values, columns)
    one = Product(safe_name(identifier), image, caption, attributes, mask, options)
    return identifier, replace(one, addresses={image: address}) if address else one


def _image(row: Record, value: object, allow_outside: bool, find: Find | None) -> tuple[Path, str | None]:
    """The image of a record, and where it is fetched from. Raises ItemError naming the field."""
    try:
        image = inner_path(row, "image", value, allow_outside)
    except ItemError:
        if find is None or not isinstance(value, str):
            raise
        try:
            found = find(value)
        except ItemError as error:
            raise row.error("image", str(error)) from None
        if found is None:
            raise
        return found.path, found.address
    if image is None:
        raise row.error("image", "missing; give the path of the product's image")
    return image, None


def _identifier(row: Record, values: Mapping[str, Any], image: Path) -> str:
    """The record's id; the image's name where the record has none."""
    if "id" not in values or values["id"] == "":
        return image.stem
    if isinstance(values["id"], (bool, list, dict)):
        raise row.error("id", f"must be text or a number, is {kind(values['id'])}; write it in quotes")
    identifier = text_of(row, "id", values["id"])
    if identifier is None:
        raise row.error("id", "is empty; give each record its own id")
    return identifier


def inner_path(
    row: Record, field: str, value: object, allow_outside: bool, root: Path | None = None
) -> Path | None:
    """The existing file a record names, relative to its own folder or ``root``; None if it names none.

    Raises ItemError for anything but text, for what lies outside that folder, and for missing files.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise row.error(field, f"must be a path, is {kind(value)}; write it in quotes")
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://|data:", value):
        raise row.error(field, f"'{shown(value[:80])}' is a web address; download the file and give its path")
    folder = root or row.path.parent
    try:
        path = folder / value
        if not path.exists() and "\\" in value:
            path = folder / value.replace("\\", "/")
        outside = not path.resolve().is_relative_to(folder.resolve())
        exists = path.is_file() or archives.holds(path)
    except (OSError, ValueError, RuntimeError):
        raise row.error(field, f"'{shown(value[:80])}' is not a usable path; check it") from None
    if outside and not allow_outside:
        fault = f"'{shown(value[:80])}' lies outside the folder of the data"
        raise row.error(field, f"{fault}; copy it there or pass --allow-outside")
    if not exists and path.is_symlink():
        raise row.error(field, folders.dead_link(path))
    if not exists:
        raise row.error(field, f"'{shown(value[:80])}' does not exist; check the path")
    return path


def attributes_of(row: Record, values: Mapping[str, Any], known: Collection[str] = KNOWN) -> dict[str, str]:
    """The ``attributes`` of a record and its columns that are not ``known``. Raises ItemError."""
    given = values.get("attributes")
    if isinstance(given, str):
        given = _parsed(row, given)
    if given is not None and not isinstance(given, dict):
        raise row.error("attributes", f'must be an object, is {kind(given)}; write {{"name": "value"}}')
    found = {name: text_of(row, f"attributes.{name}", value) for name, value in (given or {}).items()}
    for name, value in values.items():
        # Objects in unknown columns belong to some other program; only plain values make sense in a sentence.
        if name not in known and not isinstance(value, (dict, list)):
            found.setdefault(name.removeprefix("attr_"), text_of(row, name, value))
    if len(found) > MAX_ATTRIBUTES:
        raise row.error("attributes", f"{len(found)} is over the limit of {MAX_ATTRIBUTES}; remove some")
    return _clean({name: value for name, value in found.items() if value})


def _parsed(row: Record, text: str) -> Any:
    """Attributes from one CSV cell: a JSON object, or ``name=value; name=value``."""
    if text.lstrip().startswith("{"):
        try:
            return parse_json(text)
        except Malformed:
            raise row.error("attributes", "is not a valid JSON object; fix it or write name=value") from None
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    if any(not equals for _, equals, _ in parts):
        raise row.error("attributes", "must read name=value; name=value; fix it")
    return {name.strip(): value.strip() for name, _, value in parts}
