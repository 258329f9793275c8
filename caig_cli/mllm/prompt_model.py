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
from caig_cli.mllm.sampling import sample


@dataclass(frozen=True, slots=True)
class PromptModel:
    """A loaded model, ready to answer; ``source`` is what the user named it."""

    mllm: loading.Mllm
    source: str

    @classmethod
    def load(cls, source: str, runtime: Runtime) -> Self:
        """``embedded``, a model folder or an adapter folder. Raises UsageError when there is none."""
        return cls(loading.load(source, device=runtime.device, dtype=runtime.dtype), source)

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
        mllm = self.mllm
        encoder = mllm.encoder
        ids = encoder.prefix(image=True) + encoder.question(instruction, image=True)
        device, dtype = mllm.core.device, mllm.core.dtype
        pixels = see(image, mllm.rules).to(device, dtype)
        answers = sample(
            mllm.core,
            torch.tensor([ids], device=device),
            pixels,
            seeds=seeds,
            end=mllm.tokenizer.eos_token_id,
            forbidden=self._forbidden(),
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_p=top_p,
        )
        return [encoder.decode(answer) for answer in answers]

    def _forbidden(self) -> list[int]:
        tokenizer = self.mllm.tokenizer
        special = {self.mllm.config.image_token_id, tokenizer.pad_token_id, tokenizer.bos_token_id}
        return sorted(special - {None, tokenizer.eos_token_id})
