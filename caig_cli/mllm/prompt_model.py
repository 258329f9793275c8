"""The prompt model: looks at a product and writes what should be around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from PIL import Image

from caig_cli.engine.runtime import Runtime
from caig_cli.mllm import loading
from caig_cli.mllm.images import see
from caig_cli.mllm.sampling import sample_many


@dataclass(frozen=True, slots=True)
class Sampler:
    """How answers are drawn; the defaults are plain sampling."""

    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 96


@dataclass(frozen=True, slots=True)
class PromptModel:
    """A loaded model, ready to answer; ``source`` is what the user named it."""

    mllm: loading.Mllm
    source: str

    @classmethod
    def load(cls, source: str, runtime: Runtime) -> Self:
        """``embedded``, a model folder or an adapter folder. Raises UsageError when there is none."""
        mllm = loading.load(source, device=runtime.device, dtype=runtime.dtype, quantised=runtime.quantise)
        return cls(mllm, source)

    def write_prompts(
        self,
        image: Image.Image,
        instruction: str,
        *,
        seeds: Sequence[int],
        temperature: float = 1.0,
        top_p: float = 1.0,
        max_new_tokens: int = 96,
    ) -> list[str]:
        """One answer to ``instruction`` per seed; the image and the question are computed once.

        An answer depends on its own seed only, not on how many others are asked for.
        """
        sampler = Sampler(temperature, top_p, max_new_tokens)
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
        encoder = mllm.encoder
        prefix = encoder.prefix(image=True)
        pixels = torch.cat([see(image, mllm.rules) for image in images])
        answers = sample_many(
            mllm.core,
            [prefix + encoder.question(text, image=True) for text in instructions],
            pixels.to(mllm.core.device, mllm.core.dtype),
            seeds=seeds,
            end=mllm.tokenizer.eos_token_id,
            forbidden=self._forbidden(),
            max_new_tokens=sampler.max_new_tokens,
            temperature=sampler.temperature,
            top_p=sampler.top_p,
        )
        return [[encoder.decode(answer) for answer in some] for some in answers]

    def _forbidden(self) -> list[int]:
        tokenizer = self.mllm.tokenizer
        special = {self.mllm.config.image_token_id, tokenizer.pad_token_id, tokenizer.bos_token_id}
        return sorted(special - {None, tokenizer.eos_token_id})
