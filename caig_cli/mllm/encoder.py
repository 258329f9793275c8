"""Conversations to token ids, in a family's form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from caig_cli.errors import UsageError
from caig_cli.mllm.families import Family
from caig_cli.mllm.images import Size
from caig_cli.mllm.inputs import Branch, Place, Row
from caig_cli.mllm.views.view import IMAGE
from caig_cli.records import Turn

KEPT = 1 << 16
"""Texts whose tokens are kept: questions and short answers come again and again."""


class Encoder:
    """Writes conversations in a family's form. Holds no weights."""

    def __init__(self, tokenizer: Any, family: Family, config: Any, usual: Size) -> None:
        """``config``: the model's; ``usual``: size of a picture where none is given."""
        self.tokenizer, self.family, self.config, self.usual = tokenizer, family, config, usual
        self._starts: dict[Size | None, tuple[int, ...]] = {}
        self._plain = lru_cache(KEPT)(self._tokens)

    @property
    def end(self) -> int:
        """The token that closes an answer."""
        name = self.family.end
        return int(self.tokenizer.eos_token_id if name is None else self._token(name))

    def start(self, written: str = "") -> tuple[int, ...]:
        """The BOS token, if the family has one, and a piece of its form."""
        bos = self.tokenizer.bos_token_id
        return tuple(([] if bos is None else [bos]) + self._ids(written))

    def picture(self, size: Size | None = None) -> tuple[int, ...]:
        """What stands for a picture of this size: its image tokens, and the family's marks around them."""
        ids: list[int] = []
        for piece in self.family.view.spell(self.config, size or self.usual):
            if piece == IMAGE:
                ids.append(self.config.image_token_id)
            else:
                ids += self._ids(piece) if piece.isspace() else [self._token(piece)]
        return tuple(ids)

    @property
    def after_image(self) -> tuple[int, ...]:
        """What follows a picture."""
        return tuple(self._ids(self.family.image))

    def prefix(self, *, image: bool, size: Size | None = None) -> tuple[int, ...]:
        """What all conversations about one image begin with; without an image only the start token."""
        if not image:
            return self.start()
        if size not in self._starts:
            self._starts[size] = self.start(self.family.start + self.family.opening) + self.picture(size)
        return self._starts[size]

    def places(self, ids: Sequence[int], *sizes: Size) -> tuple[Place, ...]:
        """Where tokens stand that show pictures of these sizes; empty where their numbers say it.

        An image's rows and columns are counted from where it begins, and what follows it goes on from the
        larger of the two.
        """
        grid = self.family.view.grid
        if grid is None:
            return ()
        shown = iter(sizes)
        places: list[Place] = []
        at, n = 0, 0
        while n < len(ids):
            if ids[n] != self.config.image_token_id:
                places.append((at, at, at))
                at, n = at + 1, n + 1
                continue
            rows, columns = grid(self.config, next(shown))
            places += [(at, at + row, at + column) for row in range(rows) for column in range(columns)]
            at, n = at + max(rows, columns), n + rows * columns
        return tuple(places)

    def row(
        self, branches: Sequence[Branch], *, image: bool, size: Size | None = None, merged: bool = False
    ) -> Row:
        """Conversations about a picture of this size, or about none."""
        prefix = self.prefix(image=image, size=size)
        places = self.places(prefix, size or self.usual) if image else ()
        return Row(prefix, tuple(branches), merged, places)

    def question(self, text: str, *, image: bool) -> tuple[int, ...]:
        """The first question up to where the answer begins, after the prefix."""
        before = self.family.image if image else self.family.start + self.family.opening
        return tuple(self._ids(before, _without_image(text), self.family.answering))

    def asked(self, text: str, size: Size | None = None) -> Row:
        """A question about a picture, as a row that is to be gone on with."""
        ids = self.prefix(image=True, size=size) + self.question(text, image=True)
        return Row(ids, (), places=self.places(ids, size or self.usual))

    def branch(self, turns: Sequence[Turn], *, image: bool) -> Branch:
        """A whole conversation: human and model in turn, each answer closed by the end token."""
        family = self.family
        ids: list[int] = []
        is_response: list[bool] = []
        for index, turn in enumerate(turns):
            if turn.speaker == "gpt":
                piece = [*self.answer(turn.text), self.end]
            elif index == 0:
                piece = list(self.question(turn.text, image=image))
            else:
                piece = self._ids(
                    family.between + family.opening, _without_image(turn.text), family.answering
                )
            ids += piece
            is_response += [turn.speaker == "gpt"] * len(piece)
        return Branch(tuple(ids), tuple(is_response))

    def answer(self, text: str) -> tuple[int, ...]:
        """The words of an answer, without its end."""
        return tuple(self._ids("", self.family.lead + text, ""))

    def decode(self, ids: Sequence[int]) -> str:
        """The words of a response, without special tokens and outer white space."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def _ids(self, before: str, text: str = "", after: str = "") -> list[int]:
        """Tokens of words between two pieces of the form, in which alone the family's marks are tokens."""
        ids: list[int] = []
        words = ""
        for piece, is_form in ((before, True), (text, False), (after, True)):
            for part in self._parts(piece) if is_form else [piece]:
                if is_form and part in self.family.marks:
                    ids += [*self._plain(words), self._token(part)]
                    words = ""
                else:
                    words += part
        return [*ids, *self._plain(words)]

    def _parts(self, form: str) -> list[str]:
        """A piece of the form, cut at the family's marks."""
        if not self.family.marks:
            return [form]
        return re.split("(" + "|".join(map(re.escape, self.family.marks)) + ")", form)

    def _tokens(self, words: str) -> tuple[int, ...]:
        if not words:
            return ()
        return tuple(self.tokenizer(words, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    def _token(self, name: str) -> int:
        number = self.tokenizer.convert_tokens_to_ids(name)
        if number is None or number == self.tokenizer.unk_token_id:
            raise UsageError(
                f"the tokenizer has no token {name}, which models of family {self.family.name} need"
            )
        return int(number)


def _without_image(text: str) -> str:
    """The question's words; the image's place is fixed by the family, wherever the file had it."""
    return text.replace(IMAGE, "").strip()
