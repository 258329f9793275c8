"""caig as a library: write prompts, cut products out, paint ads, compare them, read click logs.

Names are few and are exported by the package (``import caig_cli as caig``). Models are loaded once, by the
``load_...`` functions, and kept by what these return; nothing is printed, and nothing is global. Input that
can't be used raises ``CaigError`` with one line for people.

    >>> import caig_cli as caig
    >>> caig.Product("mug", Path("mug.png"), caption="Red mug").caption
    'Red mug'

All of it, from a photo to the best ad, is in ``docs/python.md``, which is run as a doctest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caig_cli.cutouts.cutout import Cutout
from caig_cli.errors import CaigError
from caig_cli.records import Creative, Pair, Product, Verdict

if TYPE_CHECKING:
    from PIL import Image

    from caig_cli.mllm.prompt_model import PromptModel
    from caig_cli.painters.pose import Stance
    from caig_cli.rewards.judge import Ranking, TrainedJudge

__all__ = [
    "AdPainter", "CaigError", "Creative", "Cutout", "Judge", "Pair", "Pairs", "Product", "PromptWriter",
    "Verdict", "cut_out", "load_judge", "load_painter", "load_prompt_model", "read_log",
]  # fmt: skip


def cut_out(product: Product, *, source: str = "auto") -> Cutout:
    """The product without its photo's background: ``rgba`` is uint8 [H, W, 4], ``facts`` says how surely.

    ``source`` is auto, plain, or a network's ONNX file, as for ``caig generate --cutout``. Raises CaigError
    where the photo can't be used.
    """
    from caig_cli.cutouts.loading import load_cutout

    return load_cutout(product, lambda _: None, source=source)


# --- prompts ---------------------------------------------------------------------------------------


def load_prompt_model(source: str = "embedded", *, device: str = "auto", dtype: str = "auto") -> PromptWriter:
    """A prompt model or adapter: ``embedded``, a folder, or org/name[@revision] from the hub's cache.

    ``device`` is auto, cpu, cuda, cuda:N or mps; ``dtype`` auto, fp32, bf16 or fp16.
    """
    from caig_cli.engine.runtime import choose_device
    from caig_cli.mllm.prompt_model import PromptModel

    return PromptWriter(PromptModel.load(source, choose_device(device, dtype)))


@dataclass(frozen=True, slots=True)
class PromptWriter:
    """A loaded prompt model."""

    model: PromptModel

    def write(
        self, product: Product, cutout: Cutout, *, n: int = 1, seed: int = 0, temperature: float = 1.0,
        top_p: float = 0.9,
    ) -> list[str]:  # fmt: skip
        """``n`` background prompts; prompt k depends on the seed, the product and k alone."""
        from PIL import Image

        from caig_cli.mllm.prompt_text import Finisher
        from caig_cli.mllm.resampling import distinct

        picture, question, finish = Image.fromarray(cutout.rgba), self.model.question.ask(product), Finisher()

        def sample(seeds: Sequence[int]) -> list[str]:
            answers = self.model.write_prompts(
                picture, question, seeds=seeds, temperature=temperature, top_p=top_p
            )
            return finish(answers)

        return distinct(sample, n, seed, product.id)


# --- ads -------------------------------------------------------------------------------------------


def load_painter(name: str = "studio", *, device: str = "auto", **diffusion: Any) -> AdPainter:
    """A painter by its name; ``diffusion`` are values of the recipe section of that name."""
    from caig_cli.painters.diffusion.config import DiffusionSection
    from caig_cli.painters.registry import PAINTERS, PainterConfig

    if name not in PAINTERS:
        raise CaigError(f"no such painter: {name}; known: {', '.join(PAINTERS.names())}")
    means = PainterConfig(None, device, DiffusionSection.model_validate(diffusion))
    return AdPainter(PAINTERS[name].build(means))


@dataclass(frozen=True, slots=True)
class AdPainter:
    """A loaded painter."""

    painter: Any

    def paint(
        self, product: Product, cutout: Cutout, prompts: Sequence[str], *, size: tuple[int, int] = (512, 512),
        seed: int = 0, stance: Stance | None = None,
    ) -> list[Image.Image]:  # fmt: skip
        """An ad of ``size`` (width, height) per prompt; the product's pixels in it are those of the photo.

        ``stance`` is stand, lie, hang, lean, float or worn; None follows words, title and photo.
        """
        from caig_cli.generating.ads import shots_of
        from caig_cli.generating.order import OrderItem

        item = OrderItem(
            product=product, prompt=None, writes=False, n=len(prompts), candidates=len(prompts), ranked=False,
            sizes=(size,), placement=None, scale=None, stance=stance, relight=False, seed=seed, cutout="auto",
        )  # fmt: skip
        images: list[Image.Image] = self.painter.paint(shots_of(item, cutout, prompts))
        return images


# --- judging ---------------------------------------------------------------------------------------


def load_judge(source: str = "embedded", *, device: str = "auto", dtype: str = "auto") -> Judge:
    """A reward model: ``embedded``, ``heldout``, or a folder that ``caig train-rm`` made."""
    from caig_cli.engine.runtime import choose_device
    from caig_cli.rewards.judge import TrainedJudge

    return Judge(TrainedJudge.load(source, choose_device(device, dtype)))


@dataclass(frozen=True, slots=True)
class Judge:
    """A loaded reward model. ``simulated``: it learnt from the simulated market, not from real clicks."""

    judge: TrainedJudge

    @property
    def simulated(self) -> bool:
        return self.judge.simulated

    def rank(self, ads: Sequence[Image.Image], product: Product | None = None) -> Ranking:
        """Ads of one product compared each with each, both orders; ``order`` names them best first."""
        caption, attributes = (None, {}) if product is None else (product.caption, product.attributes)
        return self.judge.rank(ads, caption, attributes)

    def compare(self, left: Image.Image, right: Image.Image, product: Product | None = None) -> float:
        """Probability that the left ad is clicked more than the right one, 0 to 1."""
        return self.rank([left, right], product).wins[0]


# --- click logs ------------------------------------------------------------------------------------


def read_log(*logs: str | Path, images: Sequence[str | Path] = (), **options: Any) -> Pairs:
    """Pairs of a click log as ``caig pairs`` reads it: exports of ad platforms as they come.

    ``images`` are the folders of the ads' pictures; ``options`` are values of the recipe section pairs.
    """
    from caig_cli.engine.report import SilentReporter
    from caig_cli.stages.pairs import PairsRecipe, make_pairs

    section = {"logs": [str(log) for log in logs], "images": [str(folder) for folder in images], **options}
    pairs, failed = make_pairs(PairsRecipe.model_validate({"pairs": section}), SilentReporter())
    return Pairs(tuple(pairs), tuple(failure.error for failure in failed))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of ads of one product, one of them clicked more; ``left_out`` says what was not read, and why."""

    pairs: tuple[Pair, ...]
    left_out: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, number: int) -> Pair:
        return self.pairs[number]
