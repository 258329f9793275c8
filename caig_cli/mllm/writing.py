"""Background prompts for products, as ``caig generate`` wants them. No torch before the first product."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from caig_cli.engine.hub_name import ModelName
from caig_cli.engine.offload import DeviceSharing
from caig_cli.mllm.prompt_text import Finisher
from caig_cli.mllm.questions import Question
from caig_cli.mllm.resampling import distinct
from caig_cli.recipe import Section
from caig_cli.records import Product

if TYPE_CHECKING:
    from PIL import Image

    from caig_cli.mllm.prompt_model import PromptModel


class WriterSection(Section):
    """The prompt model and how it samples."""

    model: ModelName = "embedded"
    """Prompt model or adapter: embedded, a folder, or a hub name org/name[@revision]."""

    question: Question | None = None
    """What it is asked: own (as caig teaches), official (as the released prompt model was taught), plain (for
    any chat model), or a text with {caption} and {attributes}; empty is what its folder says, else plain."""

    temperature: Annotated[float, Field(ge=0)] = 1.0
    """Sampling temperature; 0 always takes the most likely word."""

    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Share of the probability that words are sampled from, most likely first."""

    repetition_penalty: Annotated[float, Field(ge=1, le=2)] | None = None
    """How much less likely words are that were said before; 1 is plain sampling, empty is the checkpoint's
    own (generation_config.json)."""

    max_new_tokens: Annotated[int, Field(ge=8, le=1024)] = 96
    """Length of a prompt in tokens, at most."""


class Writer:
    """Writes the prompts of one product after the other; the model is asked for when the first one comes."""

    def __init__(
        self, section: WriterSection, model: Callable[[], PromptModel], turns: DeviceSharing, finish: Finisher
    ) -> None:
        """``finish`` makes prompts of answers."""
        self._section, self._model, self._turns, self._finish = section, model, turns, finish

    def write(
        self, product: Product, picture: Image.Image, count: int, *, seed: int, draft: str | None = None
    ) -> list[str]:
        """``count`` different prompts for the product, if the model has that many; a ``draft`` is improved.

        Prompt k depends on the seed, the product and k, not on ``count``.
        """
        model = self._model()
        self._turns.take(model.mllm.model)
        sample = partial(
            model.write_prompts,
            picture,
            model.question.ask(product, draft),
            temperature=self._section.temperature,
            top_p=self._section.top_p,
            max_new_tokens=self._section.max_new_tokens,
            repetition_penalty=self._section.repetition_penalty,
        )
        return distinct(lambda seeds: self._finish(sample(seeds=seeds)), count, seed, product.id)
