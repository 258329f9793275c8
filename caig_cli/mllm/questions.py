"""What a prompt model is asked about a product: in the words that it was taught, or in plain ones.

A model's folder says in ``prompt_model.json`` which words it knows; a recipe's ``writer.question`` wins. No
torch: recipes and plans read this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from caig_cli.engine.model_folder import read_json
from caig_cli.engine.sources import base_of_adapter
from caig_cli.errors import UsageError
from caig_cli.mllm import folders
from caig_cli.mllm.instructions import MAX_DRAFT, TASKS, instruction, knowledge, one_line
from caig_cli.records import Dialogue, Product

FILE = "prompt_model.json"
OWN, OFFICIAL, PLAIN = "own", "official", "plain"

_ALONE = " (Directly give me the prompt without prefix explanation)"
OFFICIAL_POOL = tuple(
    question + _ALONE
    for question in (
        "Construct a brief background generation prompt to produce an advertising image based on product "
        "caption '{caption}' and product image. ",
        "Make use of product title '{caption}' along with its image, assemble a terse stable diffusion model "
        "prompt to render an ad background that complements and highlights the product.",
        "Design a concise Stable Diffusion prompt that takes the product caption '{caption}' and product "
        "image "
        "as inspiration to generate an appealing advertising image background for this product.",
        "Based on this product image and product caption '{caption}', formulate a brief diffusion prompt to "
        "synthesize a background tailored for advertising purposes.",
        "Generate a short Stable Diffusion prompt that leverage the product caption '{caption}' and the "
        "visual "
        "elements of the product image to output an advertising background that underscores the product's "
        "attractiveness.",
        "Develop a compact prompt for Stable Diffusion to craft a background for an ad, using the product "
        "caption '{caption}' and the accompanying product image as creative influences.",
        "Draft a distilled text to image prompt to fabricate an ad background, infusing the essence of "
        "'{caption}' from the product caption and the picture to accentuate the product's features.",
        "Produce a short diffusion prompt considering the critical information in product caption "
        "'{caption}' "
        "and product image to create an advertisement background.",
        "Take advantage of this product with its title '{caption}', build a succinct prompt for diffusion "
        "model aimed at generating an advertisement background.",
    )
)
"""The questions that the released prompt model knows, word for word, as far as they are documented."""

ASK_PLAINLY = (
    "This photo shows a product that is for sale. Write a prompt for an image generator that describes only "
    "the background of an advertising photo of it: what it stands on, what is behind and around it, the "
    "light "
    "and the mood. Leave out the product itself. Answer with the prompt alone, in one sentence, without an "
    "introduction, quotation marks or a list."
)
IMPROVE_PLAINLY = (
    "This photo shows a product that is for sale. Improve this prompt for the background of an advertising "
    "photo of it, and keep what it asks for. Answer with the improved prompt alone, in one sentence, without "
    "an introduction, quotation marks or a list."
)
"""For models that were taught no question of ours."""

MAX_TITLE, MAX_DETAILS = 400, 400
"""Characters of a title and of all attributes in questions that are not our own."""
NAMELESS, NO_DETAILS = "this product", "none"
"""What stands for a title and for attributes that are not known."""

_FIELDS = re.compile(r"\{([^{}]*)\}")
_KNOWN = ("caption", "attributes")


def _asks(text: str) -> str:
    if text in (OWN, OFFICIAL, PLAIN):
        return text
    unknown = [name for name in _FIELDS.findall(text) if name not in _KNOWN]
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is not known; a question may hold {{caption}} and {{attributes}}")
    if len(text.split()) < 3:
        raise ValueError("expected own, official, plain, or a question of at least three words")
    return text


FindBase = Callable[[str], Path]
"""From the name of an adapter's base to its folder."""

Question = Annotated[str, AfterValidator(_asks)]
"""A recipe value: ``own``, ``official``, ``plain``, or the user's own text."""


@dataclass(frozen=True, slots=True)
class PromptQuestion:
    """A way to ask for a background prompt: ``own``, ``official``, ``plain``, or a text with fields."""

    form: str = OWN

    def ask(self, product: Product, draft: str | None = None) -> str:
        """The question about a product; a ``draft``, the user's own prompt, is to be improved.

        The official question is the same for all prompts of a product, and differs between products.
        """
        caption, attributes = product.caption, product.attributes
        if self.form == OWN:
            task = "rewrite" if draft else "write"
            return instruction(task, caption=caption, attributes=attributes, draft=draft)
        if self.form == PLAIN or (self.form == OFFICIAL and draft):
            drafted = [f"Prompt: {one_line(draft, MAX_DRAFT)}"] if draft else []
            asked = IMPROVE_PLAINLY if draft else ASK_PLAINLY
            return "\n".join([asked, *drafted, *knowledge(caption, attributes)])
        text = _drawn(product.id) if self.form == OFFICIAL else self.form
        asked = _FIELDS.sub(lambda found: _known(product)[found[1]], text)
        return f"{asked}\nPrompt: {one_line(draft, MAX_DRAFT)}" if draft else asked

    @property
    def tells_product(self) -> bool:
        """Whether it tells anything of the product besides its picture."""
        return self.form in (OWN, OFFICIAL, PLAIN) or _FIELDS.search(self.form) is not None

    @property
    def described(self) -> str:
        """For plans."""
        return self.form if self.form in (OWN, OFFICIAL, PLAIN) else f"{self.form!r}"


OURS = PromptQuestion()
"""The question of models that caig teaches."""


def _drawn(product: str) -> str:
    from caig_cli.engine.runtime import derive_seed

    return OFFICIAL_POOL[derive_seed(0, product, "question") % len(OFFICIAL_POOL)]


def _known(product: Product) -> Mapping[str, str]:
    """What fields stand for: one line each, bounded."""
    details = "; ".join(f"{name}: {value}" for name, value in (product.attributes or {}).items())
    return {
        "caption": one_line(product.caption or "", MAX_TITLE) or NAMELESS,
        "attributes": one_line(details, MAX_DETAILS) or NO_DETAILS,
    }


def question_of(asked: str | None, folder: Path, find_base: FindBase) -> PromptQuestion:
    """The question for the model in a folder: as ``asked``, else as the folder says, or its base's.

    A folder that says nothing was taught nothing by caig: it is asked plainly. Raises UsageError for a file
    that is damaged.
    """
    if asked is not None:
        return PromptQuestion(asked)
    path = folder / FILE
    if path.is_file():
        try:
            return PromptQuestion(_asks(str(read_json(path)["question"])))
        except (KeyError, ValueError) as error:
            raise UsageError(f"{path}: question: {error}") from None
    base = base_of_adapter(folder)
    if base is not None:
        return question_of(None, folders.find_base(folder, base, find_base), find_base)
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    return PromptQuestion(OWN if config.get("caig_family") == "embedded" else PLAIN)


def write_question(folder: Path, question: PromptQuestion) -> None:
    """Tell in a model's folder how it is asked."""
    (folder / FILE).write_text(json.dumps({"question": question.form}, indent=2) + "\n", "utf-8")


def taught(dialogues: Iterable[Dialogue]) -> PromptQuestion | None:
    """The question for background prompts that dialogues teach; None where they teach none that is known."""
    official = [re.compile(re.escape(text).replace(re.escape("{caption}"), ".*")) for text in OFFICIAL_POOL]
    for dialogue in dialogues:
        for turn in dialogue.turns:
            text = turn.text.replace("<image>", "").strip()
            if text.startswith((TASKS["write"].question, TASKS["rewrite"].question)):
                return PromptQuestion(OWN)
            if any(pattern.fullmatch(text) for pattern in official):
                return PromptQuestion(OFFICIAL)
    return None
