"""The prompt model: looks at a product and writes what should be around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from PIL import Image

from caig_cli.engine.runtime import Runtime
from caig_cli.mllm import adapters, loading
from caig_cli.mllm.images import flatten, size_of
from caig_cli.mllm.questions import OURS, PromptQuestion, question_of
from caig_cli.mllm.sampling import QuestionPictures, sample_many


def question_for(source: str, asked: str | None = None) -> PromptQuestion:
    """What the model that a user names is asked; ``asked`` is the recipe's own, if any.

    Raises UsageError where it is no model that writes.
    """
    folder = loading.locate(source)
    adapters.refuse_reward(folder, source)
    return question_of(asked, folder, loading.locate)


@dataclass(frozen=True, slots=True)
class Sampler:
    """How answers are drawn; the defaults are plain sampling."""

    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 96
    repetition_penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class PromptModel:
    """A loaded model, ready to answer; ``source`` is what the user named it."""

    mllm: loading.Mllm
    source: str
    question: PromptQuestion = OURS
    """How it is asked for a background prompt."""

    @classmethod
    def load(cls, source: str, runtime: Runtime, question: str | None = None) -> Self:
        """``embedded``, a model folder or an adapter folder. Raises UsageError when there is none.

        ``question`` None is the one that the folder says.
        """
        asked = question_for(source, question)
        mllm = loading.load(source, device=runtime.device, dtype=runtime.dtype, quantised=runtime.quantise)
        return cls(mllm, source, asked)

    def write_prompts(
        self,
        image: Image.Image,
        instruction: str,
        *,
        seeds: Sequence[int],
        temperature: float = 1.0,
        top_p: float = 1.0,
        max_new_tokens: int = 96,
        repetition_penalty: float | None = None,
    ) -> list[str]:
        """One answer to ``instruction`` per seed; the image and the question are computed once.

        An answer depends on its own seed only, not on how many others are asked for. ``repetition_penalty``
        None is the checkpoint's own.
        """
        if repetition_penalty is None:
            own_penalty = getattr(self.mllm.core.generation_config, "repetition_penalty", None)
            repetition_penalty = 1.0 if own_penalty is None else float(own_penalty)
        sampler = Sampler(temperature, top_p, max_new_tokens, repetition_penalty)
        return self.write_many([image], [instruction], seeds=[seeds], sampler=sampler)[0]

    def write_many(
        self,
        images: Sequence[Image.Image],
        instructions: Sequence[str],
        *,
        seeds: Sequence[Sequence[int]],
        sampler: Sampler,
    ) -> list[list[str]]:
        """For each image and instruction one answer per seed of its own, all sampled together."""
        mllm = self.mllm
        encoder, rules = mllm.encoder, mllm.rules
        pictures = [flatten(rules.frame(image), rules.fill) for image in images]
        sizes = tuple(size_of(picture) for picture in pictures)
        answers = sample_many(
            mllm.core,
            [encoder.asked(text, size) for text, size in zip(instructions, sizes, strict=True)],
            QuestionPictures(rules.tensor(pictures).to(mllm.core.device, mllm.core.dtype), sizes),
            seeds=seeds,
            end=encoder.end,
            stops=self._stops(),
            forbidden=self._forbidden(),
            max_new_tokens=sampler.max_new_tokens,
            temperature=sampler.temperature,
            top_p=sampler.top_p,
            repetition_penalty=sampler.repetition_penalty,
        )
        return [[encoder.decode(answer) for answer in some] for some in answers]

    def _stops(self) -> list[int]:
        """Tokens that end an answer by the checkpoint's own settings."""
        ends = getattr(self.mllm.core.generation_config, "eos_token_id", None)
        return [] if ends is None else [int(one) for one in (ends if isinstance(ends, list) else [ends])]

    def _forbidden(self) -> list[int]:
        """What is no word: the family's marks and other special tokens, and rows without a token."""
        tokenizer, rows = self.mllm.tokenizer, self.mllm.config.get_text_config().vocab_size
        marks = {self.mllm.config.image_token_id, *tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
        return sorted((marks | set(range(len(tokenizer), rows))) - {self.mllm.encoder.end, *self._stops()})
