"""Conversations to token ids, in the form of a checkpoint's own chat template.

Token ids are those of the rendered whole. A tokenizer reads what stands between two of its marks by itself,
so that a text is given to it behind the mark that it follows (the picture, the end of an answer).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from caig_cli.errors import UsageError
from caig_cli.mllm.chat_template import ConversationForm, PictureMarks, read_form
from caig_cli.mllm.families import Family
from caig_cli.mllm.image_inputs.adapter import IMAGE
from caig_cli.mllm.images import Size
from caig_cli.mllm.inputs import Branch, Place, TreeRow
from caig_cli.records import Turn

KEPT = 1 << 16
"""Texts whose tokens are kept: questions and short answers come again and again."""


class Encoder:
    """Writes conversations in a checkpoint's form. Holds no weights."""

    def __init__(self, tokenizer: Any, family: Family, config: Any, usual: Size) -> None:
        """``config``: the model's; ``usual``: size of a picture where none is given.

        Raises UsageError for a tokenizer without a chat template, or with one that can't be used.
        """
        self.tokenizer, self.family, self.config, self.usual = tokenizer, family, config, usual
        self._image = str(tokenizer.convert_ids_to_tokens(int(config.image_token_id)))
        if self._image not in _marks(tokenizer):
            raise UsageError(f"its tokenizer has no token {config.image_token_id} for pictures")
        self.form = self._form()
        self._starts: dict[Size | None, tuple[int, ...]] = {}
        self._ids = lru_cache(KEPT)(self._tokens)
        self._neutral = _neutraliser(tuple(_marks(tokenizer)))

    @property
    def end(self) -> int:
        """The token that closes an answer."""
        return self._token(self.form.end)

    def start(self, written: str = "") -> tuple[int, ...]:
        """The BOS token, if there is one, and a piece of text."""
        bos = self.tokenizer.bos_token_id
        return tuple([] if bos is None else [bos]) + self._ids(written)

    def picture(self, size: Size | None = None) -> tuple[int, ...]:
        """What stands for a picture of this size: its image tokens, and the family's marks around them."""
        ids: list[int] = []
        for piece in self.family.view.placeholder_tokens(self.config, size or self.usual):
            if piece == IMAGE:
                ids.append(self.config.image_token_id)
            else:
                ids += [self._token(piece)] if piece[0] in "<[" else self._ids(piece)
        return tuple(ids)

    @property
    def after_image(self) -> tuple[int, ...]:
        """What stands between two pictures."""
        between = self.form.after_image + self.family.around
        return self._ids(self._image + between + self._image)[1:-1]

    def prefix(self, *, image: bool, size: Size | None = None) -> tuple[int, ...]:
        """What all conversations about one image begin with; without an image only the BOS token."""
        if not image:
            bos = (self.tokenizer.bos_token_id,)
            return bos if self._plain("")[:1] == bos else ()
        if size not in self._starts:
            shown = self._whole(self.form.start + self._image)
            self._starts[size] = shown[: shown.index(self.config.image_token_id)] + self.picture(size)
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
    ) -> TreeRow:
        """Conversations about a picture of this size, or about none."""
        prefix = self.prefix(image=image, size=size)
        places = self.places(prefix, size or self.usual) if image else ()
        return TreeRow(prefix, tuple(branches), merged, places)

    def question(self, text: str, *, image: bool) -> tuple[int, ...]:
        """The first question up to where the answer begins, after the prefix."""
        asked = self._neutral(_without_image(text)) + self.form.answering
        if image:
            return self._after(self._image, self.form.after_image + asked)
        return self._plain(asked)[len(self.prefix(image=False)) :]

    def asked(self, text: str, size: Size | None = None) -> TreeRow:
        """A question about a picture, as a row that is to be gone on with."""
        ids = self.prefix(image=True, size=size) + self.question(text, image=True)
        return TreeRow(ids, (), places=self.places(ids, size or self.usual))

    def branch(self, turns: Sequence[Turn], *, image: bool) -> Branch:
        """A whole conversation: human and model in turn, each answer closed by the end token."""
        ids: list[int] = []
        is_response: list[bool] = []
        for index, turn in enumerate(turns):
            if turn.speaker == "gpt":
                piece = (*self.answer(turn.text), self.end)
            elif index == 0:
                piece = self.question(turn.text, image=image)
            else:
                asked = self._neutral(_without_image(turn.text))
                piece = self._after(self.form.end, self.form.between + asked + self.form.answering)
            ids += piece
            is_response += [turn.speaker == "gpt"] * len(piece)
        return Branch(tuple(ids), tuple(is_response))

    def answer(self, text: str) -> tuple[int, ...]:
        """The words of an answer, without its end."""
        text_of_answer = self.form.lead + self._neutral(text)
        before = self._ids(self._image + self.form.answering)
        whole = self._tokens(self._image + self.form.answering + text_of_answer)
        # Where both ends would melt into one token, the model has been given the first of them already.
        return whole[len(before) :] if whole[: len(before)] == before else self._ids(text_of_answer)

    def decode(self, ids: Sequence[int]) -> str:
        """The words of a response, without special tokens and outer white space."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    # --- texts to tokens ----------------------------------------------------------------------------

    def _form(self) -> ConversationForm:
        template = self.tokenizer.chat_template or self.family.template
        if template is None:
            raise UsageError(
                "it has no chat template, so that nobody knows how it is asked; put the "
                "chat_template.jinja of "
                "the model that it was made from beside its config.json"
            )
        pieces = self.family.view.placeholder_tokens(self.config, self.usual)
        outer = [piece if piece != IMAGE else "" for piece in (pieces[0], pieces[-1])]
        special = {role: str(token) for role, token in self.tokenizer.special_tokens_map.items() if token}
        marks = frozenset(_marks(self.tokenizer))
        shown = PictureMarks(
            outer[0], self._image, outer[1], self.family.mark or self._image, self.family.around
        )
        return read_form(str(template), tuple(special.items()), marks, shown)

    def _plain(self, text: str) -> tuple[int, ...]:
        """A conversation without a picture, from its beginning."""
        return self._whole(self.form.plain_start + text)

    def _whole(self, text: str) -> tuple[int, ...]:
        """A text from the beginning of a conversation; the tokenizer adds what a template leaves to it."""
        bos = self.tokenizer.bos_token
        adds = bos is None or not text.startswith(bos)
        return tuple(self.tokenizer(text, add_special_tokens=adds)["input_ids"])

    def _after(self, mark: str, text: str) -> tuple[int, ...]:
        return self._ids(mark + text)[1:]

    def _tokens(self, text: str) -> tuple[int, ...]:
        if not text:
            return ()
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _token(self, name: str) -> int:
        number = self.tokenizer.convert_tokens_to_ids(name)
        if number is None or number == self.tokenizer.unk_token_id:
            raise UsageError(
                f"the tokenizer has no token {name}, which models of family {self.family.name} need"
            )
        return int(number)


def _marks(tokenizer: Any) -> list[str]:
    """The texts that a tokenizer takes for a mark and not for words."""
    added = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
    return sorted({*added, *map(str, tokenizer.all_special_tokens)})


@lru_cache(8)
def _neutraliser(marks: tuple[str, ...]) -> Callable[[str], str]:
    """Words that spell a mark get a space in it: titles and answers are data, and never marks."""
    found = re.compile(
        "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True) if len(mark) > 1)
    )

    def neutral(text: str) -> str:
        while found.search(text):
            text = found.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)
        return text

    return neutral


def _without_image(text: str) -> str:
    """The question's words; the image's place is fixed by the family, wherever the file had it."""
    return text.replace(IMAGE, "").strip()
