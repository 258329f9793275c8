"""What a request for prompts or ads wants, as the recipe of ``caig generate``, and who answers it.

Fields that mean what an option means are made of the recipe's own, with its types, bounds and explanations.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from PIL import Image
from pydantic import Field, create_model

from caig_cli.engine.report import Reporter, SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import ItemError
from caig_cli.generating.config import GenerateRecipe, GenerateSection
from caig_cli.generating.models import Models
from caig_cli.generating.order import Order, make_order
from caig_cli.generating.photos import cut_out, judged
from caig_cli.records import Failure
from caig_cli.serving.forms import PICTURE, Answer, OwnForm, parsed
from caig_cli.serving.limits import Refused, ServiceLimits
from caig_cli.serving.pictures import decoded, raw

GENERATE = (
    "accept_doubtful", "rewrite", "n", "candidates", "oversample", "size", "format", "placement", "scale",
    "stance", "relight",
)  # fmt: skip
"""Options of ``caig generate`` that a request may give; those that name files are not among them."""
SHORT, LONG = 200, 2000
"""Characters of texts, at most."""
ADVICE = "accept_doubtful uses it, or give a mask"
ENDINGS = {"jpeg": "jpg", "mpo": "jpg", "jpeg2000": "jp2"}
"""Of files, where they are not the name of the format."""

Text = Annotated[str, Field(max_length=LONG)]
ShortText = Annotated[str, Field(max_length=SHORT)]

Run = Callable[[GenerateRecipe, RunDir, Reporter, Models], object]
"""``caig generate`` in a run folder, with models that are loaded."""


class OneProduct(OwnForm):
    """A product by its photo."""

    image: str = Field(min_length=1, description=f"photo of the product: {PICTURE}")
    mask: str | None = Field(None, description="picture that is white where the product is")
    product: str = Field(
        "product",
        max_length=64,
        pattern=r"^[A-Za-z0-9]+([_-]+[A-Za-z0-9]+)*$",
        description="id of the product",
    )
    caption: Text | None = Field(None, description="title of the product")
    attributes: dict[ShortText, ShortText] = Field({}, max_length=64, description="facts about the product")
    prompt: Text | None = Field(None, description="background prompt in your own words")
    seed: int = Field(0, ge=0, lt=2**63, description="number from which everything random is derived")


class Write(OneProduct):
    """Prompts for a product; a ``prompt`` that is given is improved."""

    n: int = Field(4, ge=1, le=64, description="how many prompts")
    accept_doubtful: bool = Field(False, description="use a doubtful cut-out too")


_KNOWN = GenerateSection.model_fields
_OPTIONS: Mapping[str, Any] = {name: (_KNOWN[name].annotation, _KNOWN[name]) for name in GENERATE}
Generate = create_model("Generate", __base__=OneProduct, **_OPTIONS)
Generate.__doc__ = "Ads of a product, as caig generate makes them."


class AdMaker:
    """Answers ``/write`` and makes the ads of ``/generate``, with models that are loaded once.

    ``recipe`` has all that a request does not say: models, device, threads.
    """

    def __init__(self, recipe: GenerateRecipe, models: Models, run: Run, limits: ServiceLimits) -> None:
        self._recipe, self._models, self._run, self._limits = recipe, models, run, limits

    def write(self, body: Any) -> Answer:
        """The answer of ``/write``. Raises Refused."""
        from caig_cli.generating.ads import titled, writing
        from caig_cli.mllm.prompt_text import Finisher
        from caig_cli.mllm.writing import Writer

        asked = parsed(Write, body).model_dump()
        options = {"n": asked["n"], "candidates": asked["n"], "rewrite": bool(asked["prompt"])}
        with TemporaryDirectory(prefix="caig-serve-") as folder:
            recipe, order = self._ordered(asked, options, Path(folder))
            item = order.items[0]
            try:
                cutout = cut_out(item, lambda _: None)
            except ItemError as error:
                raise Refused(422, without(Path(folder), str(error))) from None
            look = judged(item.product, cutout.facts, asked["accept_doubtful"], ADVICE)
            if look.error is not None:
                raise Refused(422, f"image: {look.error}")
            item = titled(item, cutout, SilentReporter())
            models = self._models
            writer = Writer(recipe.writer, models.prompt_model, models.turns, Finisher())
            prompts = writing(writer, recipe)(item, cutout)
        facts = {"method": cutout.facts.method, "doubt": cutout.facts.doubt, "notes": cutout.facts.notes}
        return {
            "prompts": prompts, "prompt_model": order.origin["prompt_model"],
            "caption": item.product.caption, "cutout": facts,
        }  # fmt: skip

    def order(self, body: Any, folder: Path) -> GenerateRecipe:
        """The recipe of a request's ads; its photo is put into ``folder``. Raises Refused."""
        asked = parsed(Generate, body).model_dump()
        recipe, order = self._ordered(asked, {name: asked[name] for name in GENERATE}, folder)
        pixels = sum(width * height for width, height in order.items[0].sizes) * order.items[0].n
        if pixels > self._limits.pixels:
            raise Refused(413, f"the ads have {pixels} pixels, and {self._limits.pixels} are allowed")
        return recipe

    def make(self, recipe: GenerateRecipe, folder: Path, report: Reporter) -> None:
        """Make the ads in a run folder of its own. Raises CaigError."""
        with RunDir.open(folder, "generate", recipe, notify=report.warn) as run:
            self._run(recipe, run, report, self._models)

    def _ordered(
        self, asked: dict[str, Any], options: dict[str, Any], folder: Path
    ) -> tuple[GenerateRecipe, Order]:
        files = {"product": self._kept(asked["image"], folder, asked["product"])}
        if asked["mask"] is not None:
            files["mask"] = self._kept(asked["mask"], folder, f"{asked['product']}_mask")
        same = {name: asked[name] for name in ("prompt", "caption", "attributes")}
        section = GenerateSection.model_validate(
            {**same, **options, **files, "painter": self._recipe.generate.painter}
        )
        recipe = self._recipe.model_copy(update={"seed": asked["seed"], "generate": section})
        order = make_order(recipe)
        if not order.items:
            failed = order.failed or (Failure("image", "can't be used"),)
            raise Refused(422, without(folder, failed[0].error))
        return recipe, order

    def _kept(self, text: str, folder: Path, name: str) -> Path:
        """The picture's file, as it came. Raises Refused where it is none or too large."""
        decoded([text], self._limits)
        data = raw(text, 0)
        with Image.open(io.BytesIO(data)) as picture:
            kind = str(picture.format).lower()
        path = folder / f"{name}.{ENDINGS.get(kind, kind)}"
        path.write_bytes(data)
        return path


def without(folder: Path, line: str) -> str:
    """A line for people without the place of a file on this machine."""
    return line.replace(f"{folder}/", "").replace(str(folder), "")
