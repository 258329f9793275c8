"""Which ad each row of an export is about: its picture, or its name without one. Legend: R rows, A ads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caig_cli.clicks.ad_finder import AdFinder
from caig_cli.clicks.encoding import Codes, Column, Ints, groups
from caig_cli.clicks.pictures import NONE
from caig_cli.clicks.reading import IDENTITIES, Export, absent
from caig_cli.clicks.words import is_gap
from caig_cli.data.images import shown
from caig_cli.errors import DataError

MAX_NAME = 1_000
"""Longest accepted item id, image name or day, in characters."""


EXACT = 1e15
"""Whole numbers from here on have digits that spreadsheets drop."""

_SCIENTIFIC = re.compile(r"\d[.,]\d+E\+\d\d", re.I)


@dataclass(frozen=True, slots=True)
class Ads:
    """The ads of an export."""

    ad_R: Codes
    """Index of each row's ad; -1 where the row names none."""
    name_A: Sequence[str]
    """As in the log."""
    file_A: Ints
    """Number of the picture; below 0 why there is none."""
    title: str
    """The column that leads to most pictures."""
    faults: Mapping[int, str]
    """Ad -> why its name is unusable."""
    aliases: int
    """Names beyond the first that lead to a picture already found."""
    copies: int
    """Files that the log names and that are copies of better ones, which stand for them."""


def find_ads(export: Export, pictures: AdFinder | None) -> Ads:
    """The ads of an export by its columns of pictures, names and ids, whichever lead to pictures.

    Where none of them does, another column of texts that names most pictures is taken. Raises DataError where
    no column names ads.
    """
    columns = [export.columns[one] for one in IDENTITIES if one in export.columns]
    rounded = [column for column in columns if _is_rounded(column)]
    columns = [column for column in columns if column not in rounded]
    if rounded and not columns:
        raise DataError(
            f"{shown(export.name)}: the ids in '{shown(rounded[0].title)}' were rounded by a spreadsheet; "
            "download the report again, and do not open it there before"
        )
    files = [_files(column, pictures) for column in columns]
    if pictures is not None and not any((file_V >= 0).any() for file_V in files):
        others = (column for one, column in export.columns.items() if one not in IDENTITIES)
        for column in (*export.beside, *others):
            file_V = _files(column, pictures)
            if len(column.code_R) and (file_V[column.code_R] >= 0).mean() > 0.5:
                columns, files = [column, *columns], [file_V, *files]
                break
    if not columns:
        raise DataError(absent(export.name, "image", export.header))
    order = [0]
    if len(columns) > 1:  # those first that lead to the pictures of most impressions
        weight_R = np.maximum(export.impressions_R, 0)
        led = [int(weight_R[(files[i] >= 0)[column.code_R]].sum()) for i, column in enumerate(columns)]
        order = sorted(range(len(columns)), key=lambda i: -led[i])
    chosen_R, file_R = _choose(columns, files, order)
    originals = {} if pictures is None else pictures.originals(np.unique(file_R[file_R >= 0]).tolist())
    for copy, original in originals.items():
        file_R[file_R == copy] = original
    return _numbered(columns, chosen_R, file_R, columns[order[0]].title, len(originals))


def _is_rounded(column: Column) -> bool:
    """Whether a spreadsheet made numbers of 15 digits of longer ids, which then name several ads."""
    for value in column.values:
        if isinstance(value, float) and value >= EXACT:
            return True
        if isinstance(value, str) and _SCIENTIFIC.fullmatch(value.strip()):
            return True
    return False


def _files(column: Column, pictures: AdFinder | None) -> Codes:
    """The picture of each value [V]."""
    if pictures is None:
        return np.full(max(1, len(column.values)), NONE, np.int32)
    used = set(np.unique(column.code_R).tolist())
    found = [
        pictures.match(_text(value)) if code in used and not is_gap(value) else NONE
        for code, value in enumerate(column.values)
    ]
    return np.array(found or [NONE], np.int32)


def _text(value: object) -> str:
    if isinstance(value, str):  # most cells of most logs
        text = value.strip()
    elif isinstance(value, float) and value.is_integer():
        return str(int(value))
    else:
        text = str(value).strip()
    return text[2:-1] if text.startswith('="') and text.endswith('"') else text  # kept from Excel's rounding


def _choose(columns: Sequence[Column], files: Sequence[Codes], order: Sequence[int]) -> tuple[Codes, Codes]:
    """For each row the column that names its ad, -1 for none, and the picture; each int32 [R]."""
    rows = len(columns[0].code_R)
    chosen_R, file_R = np.full(rows, -1, np.int32), np.full(rows, NONE, np.int32)
    for i in order:
        found = files[i][columns[i].code_R]
        fresh = (file_R < 0) & (found >= 0)
        chosen_R[fresh], file_R[fresh] = i, found[fresh]
    for i, column in enumerate(columns):  # rows without a picture: the first column with a name
        filled = ~np.array(column.each(is_gap) or [True], np.bool_)[column.code_R]
        fresh = (chosen_R < 0) & filled
        chosen_R[fresh], file_R[fresh] = i, files[i][column.code_R[fresh]]
    return chosen_R, file_R


def _numbered(columns: Sequence[Column], chosen_R: Codes, file_R: Codes, title: str, copies: int) -> Ads:
    """Ads are pictures, and names without one."""
    code_R = np.zeros(len(chosen_R), np.int32)
    for i, column in enumerate(columns):
        mine = chosen_R == i
        code_R[mine] = column.code_R[mine]
    named = np.flatnonzero(chosen_R >= 0).astype(np.int32)
    name_G, first = groups([chosen_R[named], code_R[named]])
    names, faults_G = [], {}
    for group, row in enumerate(named[first].tolist()):
        value = columns[int(chosen_R[row])].values[int(code_R[row])]
        names.append(_text(value))
        if fault := name_fault("image", value):
            faults_G[group] = fault
    file_G = file_R[named[first]]
    # Names of one picture are one ad; a name without a picture is an ad of its own.
    known = file_G >= 0
    same, first_ad = groups([known, np.where(known, file_G, np.arange(len(names)))])
    ad_R = np.full(len(chosen_R), -1, np.int32)
    ad_R[named] = same[name_G]
    faults = {int(same[group]): fault for group, fault in faults_G.items()}
    return Ads(
        ad_R,
        [names[i] for i in first_ad.tolist()],
        file_G[first_ad],
        title,
        faults,
        len(names) - len(first_ad),
        copies,
    )


def name_fault(field: str, value: object) -> str | None:
    """Why a cell is no name, for people; None where it is one."""
    if isinstance(value, str) and value.isascii() and len(value) <= MAX_NAME:
        return None
    from caig_cli.clicks.json_tables import Structure

    if isinstance(value, Structure):
        remedy = "name one, or leave the row out" if value.what == "a list" else "fix the row"
        return f"{field}: must be text or a whole number, is {value.what}; {remedy}"
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        what = "true or false" if isinstance(value, bool) else "a number"
        return f"{field}: must be text or a whole number, is {what}; fix the row"
    text = value if isinstance(value, str) else _text(value)
    if len(text) > MAX_NAME:
        return f"{field}: {len(text)} characters is over the limit of {MAX_NAME}; shorten it"
    if not text.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return f"{field}: '{shown(text[:80])}' is not UTF-8 text; save the log as UTF-8"
    return None


def names_of(column: Column) -> tuple[list[str], NDArray[np.bool_]]:
    """The values of a column as texts [V], and which are empty [V]."""
    return [_text(value) for value in column.values], np.array(column.each(is_gap) or [True], np.bool_)
