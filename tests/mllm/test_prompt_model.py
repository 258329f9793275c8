"""What a prompt model is asked, and what of its answers becomes a prompt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tiny_diffusion import make_sd
from tiny_released import make_weights, write_checkpoint

from caig_cli import cli
from caig_cli.errors import UsageError
from caig_cli.mllm import loading
from caig_cli.mllm.instructions import instruction
from caig_cli.mllm.prompt_model import question_for
from caig_cli.mllm.prompt_text import Finisher, clean
from caig_cli.mllm.questions import OFFICIAL_POOL, PromptQuestion, question_of, taught, write_question
from caig_cli.painters import registry
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.records import Dialogue, Product, Turn
from caig_cli.stages.generate import GenerateRecipe

GOLDENS = Path(__file__).parents[3] / "shared" / "goldens"
MUG = Product("mug-1", Path("mug.png"), "L'Oreal 'red' mug", {"colour": "red", "material": "stoneware"})


def test_each_form_of_question() -> None:
    assert PromptQuestion("own").ask(MUG) == instruction(
        "write", caption=MUG.caption, attributes=MUG.attributes
    )
    official = PromptQuestion("official").ask(MUG)
    assert official in [text.replace("{caption}", "L'Oreal 'red' mug") for text in OFFICIAL_POOL]
    assert PromptQuestion("official").ask(MUG) == official, "all prompts of a product share their question"
    plain = PromptQuestion("plain").ask(MUG)
    assert "prompt alone" in plain and "L'Oreal 'red' mug" in plain and "colour: red" in plain
    own = PromptQuestion("Where to put {caption} ({attributes})?").ask(MUG)
    assert own == "Where to put L'Oreal 'red' mug (colour: red; material: stoneware)?"
    for form in ("own", "official", "plain", "Where to put {caption}?"):
        assert "on linen" in PromptQuestion(form).ask(MUG, "on linen"), "a draft is to be improved"
    nameless = PromptQuestion("What suits {caption} with {attributes}?").ask(Product("x", Path("x.png")))
    assert nameless == "What suits this product with none?"


def test_a_title_fills_no_field_of_another() -> None:
    odd = Product("x", Path("x.png"), "{attributes} {caption} <image>", {"a": "b"})
    assert (
        PromptQuestion("Ask {caption} and {attributes}").ask(odd)
        == "Ask {attributes} {caption} image and a: b"
    )


@pytest.mark.skipif(not GOLDENS.is_dir(), reason="reference values are not here")
def test_the_official_questions_are_the_released_models() -> None:
    rows = json.loads((GOLDENS / "a_prompt_model.json").read_text())
    asked = {
        (row["prompt"].split("<image>\n")[1].removesuffix(" ASSISTANT:"), row["caption"]) for row in rows
    }
    for row in json.loads((GOLDENS / "inputs" / "pcpo_epoch.json").read_text()):
        turns = [Turn("human", row["chosen_conversations"][0]["value"]), Turn("gpt", "x")]
        assert taught([Dialogue("1", None, tuple(turns))]) == PromptQuestion("official")
    for text, caption in asked:
        assert text.replace(caption, "{caption}") in OFFICIAL_POOL


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("offical", "expected own, official, plain"),
        ("Describe {title} nicely please", "{title} is not known"),
        ("", "expected own"),
    ],
)
def test_a_question_that_cant_be_meant_is_refused(value: str, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("{", r"\{")):
        GenerateRecipe.model_validate({"writer": {"question": value}})


def test_a_folder_says_how_it_is_asked(tmp_path: Path) -> None:
    def nowhere(name: str) -> Path:
        raise AssertionError(name)

    assert question_for("embedded") == PromptQuestion("own")
    assert question_for("embedded", "plain") == PromptQuestion("plain")
    assert question_of(None, tmp_path, nowhere) == PromptQuestion("plain"), "nobody knows what it was taught"
    write_question(tmp_path, PromptQuestion("What suits {caption} best?"))
    assert question_of(None, tmp_path, nowhere).form == "What suits {caption} best?"
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "base"}))
    assert question_of(None, adapter, lambda name: tmp_path).form == "What suits {caption} best?"
    (tmp_path / "prompt_model.json").write_text('{"question": "x"}')
    with pytest.raises(UsageError, match=r"prompt_model.json: question: expected own"):
        question_of(None, tmp_path, nowhere)


def test_import_then_generate_asks_the_official_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a released checkpoint to its own question, without a word in the recipe."""
    from PIL import Image, ImageDraw

    model = tmp_path / "model"
    checkpoint = write_checkpoint(tmp_path / "released", make_weights())
    assert cli.run(["import", str(checkpoint), str(model), "--quiet"]) == 0
    mug = Image.new("RGBA", (200, 300))
    ImageDraw.Draw(mug).ellipse((40, 40, 160, 260), fill=(180, 40, 30, 255))
    mug.save(tmp_path / "mug.png")
    asked: list[str] = []
    from caig_cli.mllm.encoder import Encoder

    before = Encoder.asked
    monkeypatch.setattr(
        Encoder, "asked", lambda self, text, size=None: asked.append(text) or before(self, text, size)
    )
    given = ["generate", "--product", str(tmp_path / "mug.png"), "--caption", "Red Mug", "-n", "2", "--quiet"]
    given += ["--set", f"writer.model={model}", "--set", "writer.max_new_tokens=8", "--size", "64x64"]
    given += ["--set", "generate.painter=fake", "--set", "judge.model=null", "--candidates", "2"]
    given += ["--cutout", "plain", "--accept-doubtful", "--device", "cpu"]
    assert cli.run([*given, "--out", str(tmp_path / "run")]) in (0, 3)
    wanted = PromptQuestion("official").ask(Product("mug", Path("mug.png"), "Red Mug"))
    assert asked and set(asked) == {wanted} and "'Red Mug'" in wanted
    capsys.readouterr()
    assert cli.run([*given, "--dry-run"]) == 0
    assert "asked official" in capsys.readouterr().out
    mllm = loading.load(str(model), device=torch.device("cpu"), dtype=torch.float32)
    assert mllm.encoder.form.start.startswith("A chat between a curious human")


ANSWERS = {
    "a styled scene: a mug-red cloth, 4_6 tiles, f/1.8. a calm mood.": ("same", ()),
    "Hello Kitty themed room, pink": ("same", ()),
    'Sure! Here\'s a prompt:\n\n"A marble table, soft light"': (
        "A marble table, soft light", ("greetings", "quotation marks"),
    ),
    "**Prompt:** A wooden desk in a sunny room.\n\nLet me know if you'd like changes!": (
        "A wooden desk in a sunny room.", ("Markdown", "greetings"),
    ),
    "1. A marble counter with soft morning light and herbs\n2. A rustic table with linen by a sunny window": (
        "A marble counter with soft morning light and herbs", ("lists",),
    ),
    "- Surface: marble\n- Light: soft.": ("Surface: marble, Light: soft", ("lists",)),
    "A bright kitchen with oranges.\n\nA second idea is a garden at dusk.": (
        "A bright kitchen with oranges.", ("further paragraphs",),
    ),
    "<think>The mug is red.</think>\nA red velvet cloth, spot light": (
        "A red velvet cloth, spot light", ("thoughts",),
    ),
    "# Background Prompt\n\nA bright kitchen at noon.": ("A bright kitchen at noon.", ("Markdown",)),
    "Certainly!": ("", ("greetings",)),
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_no_prompt_is_taken_off(answer: str) -> None:
    text, kinds = ANSWERS[answer]
    assert clean(answer) == (answer if text == "same" else text, kinds)
    assert clean(clean(answer)[0])[1] == (), "a prompt stays as it is"


def test_what_is_taken_off_is_counted_and_told() -> None:
    finish = Finisher(lambda text: text[:12])
    assert finish(list(ANSWERS)[2:4]) == ["A marble tab", "A wooden des"]
    assert finish.counts["greetings"] == 2 and finish.counts["cut"] == 2 and finish.counts["answers"] == 2
    assert any("2 of 2 prompts were longer" in line for line in finish.remarks())
    assert any("Markdown (1 of 2 answers)" in line for line in finish.remarks())


def test_prompts_are_cut_to_what_the_painter_reads(tmp_path: Path) -> None:
    section = DiffusionSection(kind="sd15", model=str(make_sd(tmp_path) / "model"))
    assert registry.PAINTERS["studio"].fitter(section) is None
    fit = registry.PAINTERS["diffusion"].fitter(section)
    assert fit is not None
    assert fit("a red mug on linen") == "a red mug on linen"
    long = "a red mug, " * 100
    short = fit(long)
    assert long.startswith(short) and short.endswith("a red mug") and len(short) < len(long) / 2
    assert fit(short) == short
    words = fit("mug " * 300)
    assert words.endswith("mug") and fit(words) == words
