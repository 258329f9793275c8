"""The image files of a log's creatives: by path, name, a name inside the ad's name, id or hash."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit

from caig_cli.clicks.image_files import digests, file_names, image_files, kind_of
from caig_cli.data.ad_id import find_ad_ids, read_ad_id
from caig_cli.data.images import SUFFIXES, shown
from caig_cli.errors import DataError

NONE, SEVERAL, OUTSIDE = -1, -2, -3
"""What stands for a file: there is none, several have the name, it lies outside the folders."""

MAX_FILES = 1_000_000
"""Image files of which names are known; in larger folders a log has to give paths."""

ASKED = 20
"""Files of a folder that are looked for one by one, before all its names are read."""

MAX_COPIES = 8
"""Files of one name that are compared as pictures."""

MAX_WORDS = 24
"""Words of a cell among which a file's name is looked for."""

MAX_COMPARED = 50_000
"""Files of several folders that are compared as pictures: each takes some milliseconds."""

_ENDINGS = (".jpg", ".png", ".jpeg", ".webp")  # tried where a log gives a name without one
_PARTS = re.compile(r"\s[|/:–—-]+\s|\s*[|;,]\s*")
_TOKENS = re.compile(r"[\s|;,:/()\[\]{}\"']+")
_ID_PARTS = re.compile(r"[^A-Za-z0-9]+")
_WORDS = re.compile(r"[\W_]+")
_VERSION = re.compile(r"v?\d{1,3}")
_HASH = re.compile(r"(?:.*[:/_])?([0-9a-f]{64}|[0-9a-f]{32})")

Find = Callable[[str], set[int]]


class PictureIndex:
    """The image files below some folders, numbered as they are found.

    With ``deep`` all files below are known by their names, else only those right inside, and any by its path.
    Raises DataError where a folder is not there.
    """

    def __init__(self, folders: Sequence[Path], *, allow_outside: bool = False, deep: bool = True) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise DataError(f"{shown(folder)}: no such folder; --images names the folder of the ads")
        self.folders = list(folders)
        self.paths: list[str] = []
        self._number: dict[str, int] = {}
        self._roots = [os.path.realpath(folder).rstrip(os.sep) + os.sep for folder in folders]
        self._prefixes = [os.path.join(folder, "") for folder in folders]  # noqa: PTH118
        self._real: dict[str, str] = {}
        self._asked: Counter[str] = Counter()
        self._files: dict[str, frozenset[str]] = {}
        self._inside: dict[str, frozenset[str]] = {}
        self._links: set[int] = set()
        self._allow_outside, self._deep = allow_outside, deep

    def match(self, value: str) -> int:
        """The number of the file that a cell of a log means; NONE, SEVERAL or OUTSIDE."""
        if path := self._plain_path(value):
            return self._add(path, is_link=False)
        name = _file_name(value)
        if not name:
            return NONE
        found = self._by_path(name)
        if not found:
            ways = (
                self._by_name,
                self._by_stem,
                self._by_ad_id,
                self._inside_name,
                self._by_words,
                self._by_id,
            )
            for find in (*ways, self._by_hash):
                if found := find(name):
                    break
        if len(found) > 1:
            found = self._one_of(found)
        if len(found) != 1:
            return SEVERAL if found else NONE
        number = found.pop()
        return number if self._allow_outside or self._is_inside(number) else OUTSIDE

    def product(self, found: int, value: str) -> str | None:
        """A picture may be of any product: the log tells."""
        return None

    def fault(self, value: str, found: int) -> str:
        """Why a cell means no file, in one line."""
        name = f"'{shown(value[:80])}'"
        where = " or ".join(shown(folder) for folder in self.folders)
        if found == OUTSIDE:
            return f"{name} lies outside {where}; copy it there or pass --allow-outside"
        if found == SEVERAL:
            files = sorted({*self._by_path(_file_name(value)), *self._by_name(_file_name(value))})
            listed = ", ".join(shown(self.paths[one]) for one in files[:3])
            return f"{name} may be several pictures ({listed}); write their paths in the log"
        return f"{name} is not in {where}"

    # --- ways to find a file -----------------------------------------------------------------------

    def _plain_path(self, value: str) -> str | None:
        """The path that a cell names from the only folder, where the files beside it are known."""
        folder, slash, name = value.rpartition("/")
        names = self._inside.get(folder)
        return f"{self._prefixes[0]}{folder}{slash}{name}" if names is not None and name in names else None

    def _by_path(self, name: str) -> set[int]:
        names = [name]
        if os.path.splitext(name)[1].lower() not in SUFFIXES:  # noqa: PTH122  # a hundred thousand of them
            names += [name + ending for ending in _ENDINGS]
        found = set()
        for prefix in self._prefixes:
            for one in names:
                path = one if one.startswith(os.sep) else prefix + one
                if kind := self._kind(path):
                    found.add(self._add(path, is_link=kind == "link"))
                    break
        return found

    def _kind(self, path: str) -> str | None:
        """``file``, ``link`` to one, or None. A folder asked often is read as a whole: much faster."""
        folder, _, name = path.rpartition(os.sep)
        self._asked[folder] += 1
        if self._asked[folder] <= ASKED:
            return kind_of(path)
        if folder not in self._files:
            names = self._files[folder] = file_names(folder or os.sep)
            self._note_inside(folder, names)
        return "file" if name in self._files[folder] else kind_of(path)

    def _note_inside(self, folder: str, names: frozenset[str]) -> None:
        """A folder below the only one, by its path from there."""
        prefix = self._prefixes[0]
        below = f"{folder}/".removeprefix(prefix).rstrip("/")
        odd = {"", ".", ".."} & {*below.split("/")} if below else set()
        if len(self._prefixes) > 1 or not f"{folder}/".startswith(prefix) or odd or ":" in below:
            return
        if f"{os.path.realpath(folder)}/".startswith(self._roots[0]):
            self._inside[below] = names

    def _by_name(self, name: str) -> set[int]:
        return self._names.get(PurePosixPath(name.replace("\\", "/")).name.casefold(), set())

    def _by_stem(self, name: str) -> set[int]:
        return self._stems.get(_stem(PurePosixPath(name.replace("\\", "/")).name), set())

    def _inside_name(self, name: str) -> set[int]:
        """A file's name as a part of the ad's name: ``Bottle, 750 ml | B0A000XK0_1``."""
        parts = {_stem(part) for part in _PARTS.split(name) if len(part) > 2}
        parts |= {_stem(t) for t in _TOKENS.split(name) if len(t) > 3 and any(c.isdigit() for c in t)}
        known = sorted((part for part in parts if part in self._stems), key=len, reverse=True)
        longest = [part for part in known if len(part) == len(known[0])]
        return set().union(*(self._stems[part] for part in longest))

    def _by_words(self, name: str) -> set[int]:
        """A file's name among the words of the cell: ``Fall_SKU-1_600x600`` for ``SKU_1``.

        Not where a number stands beside it that may belong to it: ``SKU_1_2`` is another picture.
        """
        words = [word for word in _WORDS.split(_stem(PurePosixPath(name.replace("\\", "/")).name)) if word]
        for length in range(min(len(words), MAX_WORDS), 0, -1):
            found: set[int] = set()
            for start in range(min(len(words), MAX_WORDS) - length + 1):
                text = "_".join(words[start : start + length])
                beside = (*words[max(0, start - 1) : start], *words[start + length : start + length + 1])
                if any(map(_VERSION.fullmatch, beside)) or not (
                    len(text) > 3 and any(map(str.isdigit, text))
                ):
                    continue
                found |= self._words.get(text, set())
            if found:
                return found
        return set()

    def _by_ad_id(self, name: str) -> set[int]:
        """An ad's own id, anywhere in the cell: in the file's name, or in the file where that was changed."""
        ids = find_ad_ids(name)
        named = set().union(*(self._ids.get(one, set()) for one in ids))
        return named or set().union(*(self._ids_inside.get(one, set()) for one in ids))

    def _by_id(self, name: str) -> set[int]:
        """The cell as a part of one file's name: an ad's id."""
        found = self._ids.get(_stem(name), set()) if len(name) > 5 and any(map(str.isdigit, name)) else set()
        return found if len(found) == 1 else set()

    def _by_hash(self, name: str) -> set[int]:
        match = _HASH.fullmatch(name.lower())
        return self._hashes.get(match[1], set()) if match else set()

    # --- what is known of the files ----------------------------------------------------------------

    @cached_property
    def _names(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for folder in self.folders:
            for path, is_link in image_files(folder, self._deep):
                number = self._add(path, is_link=is_link)
                found[os.path.basename(path).casefold()].add(number)  # noqa: PTH119
                if len(self.paths) > MAX_FILES:
                    raise DataError(f"{shown(folder)}: more than {MAX_FILES} pictures; name a smaller folder")
        return dict(found)

    @cached_property
    def _stems(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for name, numbers in self._names.items():
            found[_stem(name)] |= numbers
        return dict(found)

    @cached_property
    def _words(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for stem, numbers in self._stems.items():
            found["_".join(word for word in _WORDS.split(stem) if word)] |= numbers
        return dict(found)

    @cached_property
    def _ids(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for stem, numbers in self._stems.items():
            for part in _ID_PARTS.split(stem):
                if len(part) > 5:
                    found[part] |= numbers
        return dict(found)

    @cached_property
    def _ids_inside(self) -> dict[str, set[int]]:
        """Ids in the metadata of all files."""
        found: dict[str, set[int]] = defaultdict(set)
        for number in sorted(set().union(*self._names.values())):
            if (own := read_ad_id(Path(self.paths[number]))) is not None:
                found[own].add(number)
        return dict(found)

    @cached_property
    def _hashes(self) -> dict[str, set[int]]:
        """MD5 and SHA-256 of all files: platforms hand out such names for uploaded pictures."""
        found: dict[str, set[int]] = defaultdict(set)
        for number in sorted(set().union(*self._names.values())):
            try:
                data = Path(self.paths[number]).read_bytes()
            except OSError:
                continue
            found[hashlib.md5(data, usedforsecurity=False).hexdigest()].add(number)
            found[hashlib.sha256(data).hexdigest()].add(number)
        return dict(found)

    def all_files(self) -> list[int]:
        """The numbers of all files of the folders."""
        return sorted(set().union(*self._names.values()))

    def folder_of(self, number: int) -> int:
        """Which folder a file was found in."""
        path = self.paths[number]
        return next((i for i, prefix in enumerate(self._prefixes) if path.startswith(prefix)), 0)

    def _add(self, path: str, *, is_link: bool) -> int:
        if "./" in path or "//" in path:
            path = os.path.normpath(path)
        number = self._number.get(path)
        if number is None:
            number = self._number[path] = len(self.paths)
            self.paths.append(path)
            if is_link:
                self._links.add(number)
        return number

    def _one_of(self, numbers: set[int]) -> set[int]:
        """The best of files that show one picture; all of them where they do not."""
        from caig_cli.clicks.same_picture import best_of_same

        ordered = sorted(numbers)
        paths = [self.paths[number] for number in ordered]
        if len(set(digests(paths).values())) == 1:
            return {ordered[0]}
        best = best_of_same(paths) if len(paths) <= MAX_COPIES else None
        return numbers if best is None else {ordered[best]}

    def originals(self, numbers: Iterable[int]) -> dict[int, int]:
        """For files that are copies of better ones in other folders, re-encoded or resized: those."""
        from caig_cli.clicks.same_picture import better_copies

        self._inside.clear()
        self._files.clear()  # all are found: names of a hundred thousand files are some megabytes
        if len(self.folders) < 2:
            return {}
        mine: dict[int, list[int]] = defaultdict(list)
        for number in sorted(set(numbers)):
            mine[self.folder_of(number)].append(number)
        every = self.all_files()
        if len(every) > MAX_COMPARED:
            return {}
        found = {}
        for folder, own in mine.items():
            others = [number for number in every if self.folder_of(number) != folder]
            copies = better_copies([self.paths[one] for one in own], [self.paths[one] for one in others])
            found.update({own[one]: others[copy] for one, copy in copies.items()})
        return found

    def _is_inside(self, number: int) -> bool:
        text = self.paths[number]
        folder, _, name = text.rpartition(os.sep)
        real = self._real.get(folder)
        if real is None:
            real = self._real[folder] = os.path.realpath(folder or ".")
        real = os.path.realpath(text) if number in self._links else f"{real}{os.sep}{name}"
        return any(real.startswith(root) for root in self._roots)


def _file_name(value: str) -> str:
    """The path or name in a cell; of a web address the last part."""
    value = value.strip()
    if "://" not in value and not value.startswith("//"):
        return value
    address = urlsplit(value)
    name = PurePosixPath(unquote(address.path)).name
    if os.path.splitext(name)[1].lower() not in SUFFIXES and address.query:  # noqa: PTH122
        for _, inside in parse_qsl(address.query):
            if os.path.splitext(inside)[1].lower() in SUFFIXES:  # noqa: PTH122
                return PurePosixPath(inside).name
    return name


def _stem(name: str) -> str:
    """A name in lower case without the ending of a picture."""
    name = name.strip().casefold()
    while True:  # a copy may be named x.jpg.jpeg
        stem, dot, ending = name.rpartition(".")
        if not (dot and stem and f".{ending}" in SUFFIXES):
            return name
        name = stem
