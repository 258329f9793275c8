"""``reward.json`` of a reward model's folder: all that its judge must know."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from caig_cli.engine import sources
from caig_cli.errors import UsageError
from caig_cli.mllm.instructions import COMPARISON
from caig_cli.parsing import read_json
from caig_cli.recipe import Section
from caig_cli.rewards.folders import FILE
from caig_cli.rewards.model import CtrScale
from caig_cli.rewards.question_template import QuestionTemplate


class RewardFacts(Section):
    """What ``reward.json`` holds."""

    format: Literal[1] = 1
    """Version of this file."""

    arch: str
    """Row of the table of architectures."""

    settings: dict[str, Any]
    """What the architecture needs to read its weights."""

    form: Literal["own", "official", "facts"]
    """Whose question is asked."""

    caption: bool
    """Whether the title is told."""

    attributes: bool
    """Whether the attributes are told."""

    question: str = COMPARISON
    """Our own question, word for word: a model is asked what it was taught with."""

    ctr_mean: float
    """Mean of the training ads' rates: the CTR head says (rate - mean) / std."""

    ctr_std: float
    """Their standard deviation."""

    ctr_log: bool = False
    """Whether these are of the rates' logarithms."""

    ctr_log_spread: float | None
    """Root mean square of log(rate / predicted rate) on held-out ads; empty when the head learnt nothing."""

    temperature: float
    """What log-odds are divided by."""

    base: str | None
    """Model that an adapter stands on."""

    base_fingerprint: str | None
    """Name of the base's weights."""

    simulated: bool
    """Whether it was trained on the simulated market."""

    prior: tuple[float, float] | None
    """Beta prior that smoothed the rates it learnt."""

    recipe: str
    """Hash of the recipe that made it."""

    evaluation: dict[str, float]
    """Figures on the held-out pairs."""

    log: str | None = None
    """Name of the bytes of the pairs that it learnt."""

    began_as: str | None = None
    """Hash of the recipe of the judge that went on learning."""

    @property
    def wording(self) -> QuestionTemplate:
        """What the model is told besides the pictures."""
        return QuestionTemplate(self.form, self.caption, self.attributes, self.question)

    @property
    def scale(self) -> CtrScale:
        """Units of the CTR head."""
        return CtrScale(self.ctr_mean, self.ctr_std, self.ctr_log)


def open_facts(folder: Path) -> RewardFacts:
    """What ``reward.json`` says, of whatever architecture. Raises UsageError when it is damaged."""
    path = folder / FILE
    try:
        facts = RewardFacts.model_validate(read_json(path))
    except (OSError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}:{place}: {first['msg']}; train the model again") from None
    base = sources.base_of_adapter(folder)
    return facts if base is None else facts.model_copy(update={"base": base})
