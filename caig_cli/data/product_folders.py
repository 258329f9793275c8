"""Photos in folders: which files are products, which are masks, and what a folder holds that is neither."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from caig_cli.data.images import SUFFIXES, shown
from caig_cli.records import Failure

_PICTURES = frozenset(
    {".psd", ".svg", ".eps", ".ai", ".pdf", ".tga", ".exr", ".ico"}
    | {".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw"}
)
"""Endings of pictures that cannot be read; in a folder they are reported, where other files are ignored."""

_MASK_SUFFIXES = ("_mask", "-mask")
_MASK_PREFIXES = ("mask_", "mask-")
_MASK_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
_COUNTED = 20_000
"""Files that are looked at, at most, to tell of subfolders that are not read."""


def walk(folder: Path, recursive: bool, allow_outside: bool = False) -> Iterator[Path]:
    """The files of a folder by name, with ``recursive`` those of its subfolders too; nothing hidden.

    A linked folder is entered once, however many links lead to it, and only if it lies inside the folder
    or ``allow_outside`` is given.
    """
    seen: set[tuple[int, int]] = set()
    root = folder.resolve()

    def enter(current: Path) -> Iterator[Path]:
        try:
            place = current.stat()
            entries = sorted(current.iterdir())
        except OSError:
            return
        if (place.st_dev, place.st_ino) in seen:
            return
        seen.add((place.st_dev, place.st_ino))
        visible = [entry for entry in entries if not entry.name.startswith(".")]
        yield from (entry for entry in visible if not entry.is_dir())
        for entry in visible if recursive else ():
            if entry.is_dir() and (
                allow_outside or not entry.is_symlink() or entry.resolve().is_relative_to(root)
            ):
                yield from enter(entry)

    return enter(folder)


def failure_of(file: Path) -> Failure | None:
    """Why a file that is meant as a picture is none; None for photos, and for what is no picture at all."""
    suffix = file.suffix.lower()
    if suffix in SUFFIXES and file.is_symlink() and not file.exists():
        return Failure(shown(file.name), dead_link(file))
    if suffix in _PICTURES and file.is_file():
        return Failure(
            shown(file.name), f"{shown(file)}: not an image caig can read; export it as PNG or JPEG"
        )
    return None


def dead_link(file: Path) -> str:
    """What to say of a link that leads nowhere."""
    try:
        target = shown(file.readlink())
    except OSError:
        target = "nowhere"
    return f"{shown(file)}: is a link to {target}, which is not there; copy the photo itself"


def photos(files: Iterable[Path]) -> list[Path]:
    """Those with the ending of a photo that are there."""
    return [file for file in files if file.suffix.lower() in SUFFIXES and file.is_file()]


def masks_among(images: Sequence[Path]) -> dict[Path, Path]:
    """Photo -> its mask: ``NAME_mask``, ``NAME-mask`` or ``mask_NAME`` beside ``NAME``, with any ending."""
    by_name = {(image.parent, image.stem): image for image in reversed(images)}
    found = {}
    for image in images:
        masks = (by_name.get((image.parent, name)) for name in _mask_names(image))
        if mask := next(filter(None, masks), None):
            found[image] = mask
    return found


def mask_beside(image: Path) -> Path | None:
    """The mask that lies beside a photo, by its name."""
    # As texts: of a catalogue of a million, paths as objects would take minutes.
    folder = str(image.parent)
    paths = (os.path.join(folder, name + end) for name in _mask_names(image) for end in _MASK_ENDINGS)  # noqa: PTH118
    return next((Path(path) for path in paths if os.path.isfile(path)), None)  # noqa: PTH113


def _mask_names(image: Path) -> list[str]:
    return [image.stem + end for end in _MASK_SUFFIXES] + [start + image.stem for start in _MASK_PREFIXES]


def looks_like_mask(image: Path) -> bool:
    """Whether a photo has the name of a mask."""
    return image.stem.endswith(_MASK_SUFFIXES) or image.stem.startswith(_MASK_PREFIXES)


def tell_masks(masks: Mapping[Path, Path], orphans: Iterable[Path], notify: Callable[[str], None]) -> None:
    """One line on files that are taken as masks by their names, and one on those that are not."""
    for files, what in (
        (list(masks.values()), "taken as masks of the photos beside them"),
        (
            list(orphans),
            "named like masks, but taken as products, as no such photo is beside them",
        ),
    ):
        if files:
            notify(f"{what}: {', '.join(shown(file.name) for file in files[:3])}{_more(files)}")


def subfolders(folder: Path) -> str | None:
    """What to say of images in subfolders; None where there are none."""
    count, folders = 0, set()
    for number, file in enumerate(walk(folder, recursive=True)):
        if file.parent != folder and file.suffix.lower() in SUFFIXES and file.is_file():
            count += 1
            folders.add(file.parent)
        if number >= _COUNTED:
            break
    if not count:
        return None
    hold = "hold" if len(folders) > 1 else "holds"
    return f"{_counted(len(folders), 'subfolder')} {hold} {_counted(count, 'image')}; --recursive reads them"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _more(things: Sequence[object]) -> str:
    rest = len(things) - 3
    return f" and {rest} more" if rest > 0 else ""
