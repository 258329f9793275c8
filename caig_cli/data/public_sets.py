"""Public advertising sets as their authors publish them: records of theirs as dialogues and products of ours.

====================  =====================================================================================
AutoPP1M, generation  lines ``AD,PRODUCT,GLYPHS,DESCRIPTION``: three picture addresses and what the
                      background shows (Fan et al. 2025, https://github.com/JD-GenX/AutoPP)
AutoPP1M, optimising  ``{id, image, chosen_conversation, reject_conversation}``, the same source; the official
                      PCPO file says ``chosen_conversations`` (https://github.com/JD-GenX/CAIG)
PAd1M                 ``{f_path, f_path_trans, caption, sku_title_cn, word_list, ...}``
                      (https://github.com/JD-GenX/Uni-AdGen, ``dataset/README.md``)
====================  =====================================================================================

Their paths and addresses are of other machines: a picture is looked for in the folder of pictures by the
whole of its relative path, then by its name. A public set is seldom downloaded whole, so that records without
a picture or a description are counted and left out, where any other file of dialogues would be refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from caig_cli.data.images import shown
from caig_cli.data.tables import Record, clean_text, read_text, text_of
from caig_cli.errors import DataError
from caig_cli.records import Dialogue, Product, Turn

NO_PICTURE, NO_DESCRIPTION = "their picture is not there", "they have no description of a background"
TASK = "prompt"
"""The task of dialogues that ask for a background prompt, as in the market's files."""

_CHOSEN = ("chosen_conversation", "chosen_conversations")


@dataclass
class PublicSet:
    """A reader of one public set.

    ``images``: folder of its pictures. ``ask``: the question about a product, for sets that have none.
    ``left_out`` counts records by the reason for which they give no dialogue.
    """

    images: Path
    ask: Callable[[Product], str]
    left_out: Counter[str] = field(default_factory=Counter)

    def dialogue(self, row: Record) -> Dialogue | None:
        """What a record teaches: to write its background's description, or the chosen of two answers.

        None where its picture or its description is missing, which is counted. Raises ItemError where a
        field is not what the set's authors say.
        """
        chosen = next((row.values[name] for name in _CHOSEN if name in row.values), None)
        if chosen is None:
            return self._described(row)
        image = self._picture(row.values.get("image"))
        if image is None:
            self.left_out[NO_PICTURE] += 1
            return None
        value_by_speaker = {turn.get("from"): turn.get("value") for turn in _turns(row, chosen)}
        question, answer = value_by_speaker.get("human"), value_by_speaker.get("gpt")
        if not isinstance(answer, str) or not isinstance(question, str) or not answer.strip():
            raise row.error(_CHOSEN[0], "must be a question of 'human' and an answer of 'gpt'; fix it")
        turns = (Turn("human", question), Turn("gpt", answer))
        return Dialogue(text_of(row, "id", row.values.get("id")) or str(row.line), image, turns, TASK)

    def _described(self, row: Record) -> Dialogue | None:
        description = text_of(row, "caption", row.values.get("caption"))
        image = self._picture(row.values.get("f_path_trans"))
        if description is None or image is None:
            self.left_out[NO_DESCRIPTION if description is None else NO_PICTURE] += 1
            return None
        known = as_product(row.values)
        title = clean_text(str(known.get("caption") or "")) or None
        details = {name: clean_text(str(known[name])) for name in ("selling points",) if known.get(name)}
        question = self.ask(Product(str(row.line), image, title, details))
        turns = (Turn("human", f"<image>\n{question}"), Turn("gpt", description))
        return Dialogue(f"{image.stem}-{row.line}", image, turns, TASK)

    def _picture(self, value: object) -> Path | None:
        """The picture of a path or address, in the folder of pictures."""
        if not isinstance(value, str) or not value:
            return None
        path = PurePosixPath(urlsplit(value).path if "://" in value else value.replace("\\", "/"))
        parts = [part for part in path.parts if part not in ("/", "..", ".")]
        wanted = [self.images.joinpath(*parts), self.images / parts[-1]] if parts else []
        return next((one for one in wanted if one.is_file()), None)


def is_public(values: Mapping[str, Any]) -> bool:
    """Whether a record is one of a public set."""
    return "f_path_trans" in values or ("conversations" not in values and any(n in values for n in _CHOSEN))


def as_product(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record about a product with the names of PAd1M as ours; any other as it is.

    Other columns of PAd1M are about its pictures and users, no facts about the product.
    """
    if "f_path_trans" not in values:
        return values
    known = {"image": values["f_path_trans"], "caption": values.get("sku_title_cn")}
    points = values.get("word_list")
    return {**known, "selling points": points} if points else known


def autopp_rows(path: Path) -> Iterator[Record]:
    """Lines of AutoPP1M's generation subset as records with the names of PAd1M.

    A description may hold commas. Raises DataError for a file of other lines.
    """
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        ad, product, _, description, *_ = [*line.split(",", 3), "", "", ""]
        if not all(PurePosixPath(urlsplit(one).path).suffix for one in (ad, product)):
            raise DataError(
                f"{shown(path)}:{number}: dialogues are a .json or .jsonl file, or lines of AutoPP1M "
                "(AD,PRODUCT,GLYPHS,DESCRIPTION); convert it"
            )
        yield Record(path, number, {"f_path_trans": product, "caption": description.strip().strip('"')})


def _turns(row: Record, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise row.error(_CHOSEN[0], "must be a list of turns; fix the record")
    return value
