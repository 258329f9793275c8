"""From what a feed says of a picture to a file: beside the feed, in a user's folder, or to be fetched."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from caig_cli.clicks.pictures import PictureIndex
from caig_cli.data.cache import cache_folder
from caig_cli.data.images import SUFFIXES, shown
from caig_cli.data.stores import beside, is_store
from caig_cli.errors import ItemError

_RESIZED = re.compile(
    r"(?:_\d+x\d*|_\d*x\d+|-\d+x\d+|_(?:small|medium|large|grande|master|compact))(?:_crop_\w+)?$"
)
"""Endings that shop systems give to smaller copies of a picture."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A file, and where it is fetched from if it is not there yet."""

    path: Path
    address: str | None = None


class Finder:
    """Finds the photos of a feed. Raises DataError where ``images`` is no folder."""

    def __init__(
        self, folder: Path, images: Path | None, *, fetch: bool, allow_outside: bool, store: str | None = None
    ) -> None:
        """``store``: the address of the feed, beside which photos are that are not in ``folder``."""
        self._store = store
        self._beside = PictureIndex([folder], allow_outside=allow_outside, deep=False)
        self._given = None if images is None else PictureIndex([images], allow_outside=allow_outside)
        self._images, self._fetch = images, fetch
        self._upgraded: set[str] = set()

    @property
    def upgraded(self) -> int:
        """How many addresses are fetched by https though they say http."""
        return len(self._upgraded)

    def find(self, value: str) -> Photo:
        """The photo that a cell names. Raises ItemError saying what to do, without a place."""
        value = value.strip()
        remote = is_address(value)
        if self._given is not None and (found := _in_folder(self._given, value)):
            return Photo(found)
        if not remote:
            number = self._beside.match(value)
            if number >= 0:
                return Photo(Path(self._beside.paths[number]))
            if self._store and (address := beside(self._store, value)):
                return Photo(cached(address), address)
            where = f" or {shown(self._images)}" if self._images else "; --images names their folder"
            raise ItemError(f"'{shown(value[:80])}' is not beside the feed{where}")
        if self._fetch:
            if is_store(value):
                # A feed is written by others: it must not name files of this machine or of another bucket.
                raise ItemError(
                    f"'{shown(value[:120])}': only https addresses and files beside the feed are fetched"
                )
            if value.lower().startswith("http://"):
                self._upgraded.add(value)
                value = f"https{value[4:]}"
            return Photo(cached(value), value)
        if self._images:
            raise ItemError(
                f"no file of '{shown(value[:120])}' in {shown(self._images)}; --fetch downloads it"
            )
        raise ItemError(
            f"'{shown(value[:120])}' is a web address; --fetch downloads it, "
            "--images names a folder with its file"
        )

    def by_name(self, names: Sequence[str]) -> Photo | None:
        """A photo of the user's folder that is called like one of a product's ids."""
        for name in filter(None, names if self._given is not None else ()):
            assert self._given is not None
            number = self._given.match(name)
            if number >= 0 and Path(self._given.paths[number]).stem.casefold() == name.casefold():
                return Photo(Path(self._given.paths[number]))
        return None


def _in_folder(folder: PictureIndex, value: str) -> Path | None:
    """By the path or the name in the address, also without the mark of a smaller copy."""
    path = PurePosixPath(_path(value) if is_address(value) else value.replace("\\", "/"))
    smaller = _RESIZED.sub("", path.stem)
    wanted = [path.name] if is_address(value) else [value, path.name]
    wanted += [smaller + path.suffix] if smaller != path.stem else []
    for name in filter(None, wanted):
        if (number := folder.match(name)) >= 0:
            return Path(folder.paths[number])
    return None


def is_address(value: str) -> bool:
    """Whether a cell is a web address."""
    return re.match(r"[a-z][a-z0-9+.-]*://", value, re.I) is not None


def _path(address: str) -> str:
    """The path of an address; nothing of one that is none."""
    try:
        return unquote(urlsplit(address).path)
    except ValueError:
        return ""


def cached(address: str) -> Path:
    """Where the photo at an address is kept on this machine; it may not be there yet."""
    name = PurePosixPath(_path(address)).name
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.")[-80:] or "photo"
    if Path(plain).suffix.lower() not in SUFFIXES:
        plain = f"{plain}.jpg"  # the ending does not matter: files are known by their first bytes
    digest = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:24]
    return cache_folder() / "photos" / digest / plain
