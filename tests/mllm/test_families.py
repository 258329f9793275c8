"""Every family as transformers' own documentation runs it: the same pixels, tokens and logits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from tiny_families import FAMILIES, as_given, image_processor, make_checkpoint, plain_inputs, plain_logits

from caig_cli.errors import UsageError
from caig_cli.mllm import families, loading
from caig_cli.mllm.image_inputs.canvas import NativeShape
from caig_cli.mllm.images import Pixels, flatten, size_of
from caig_cli.mllm.inputs import collate
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.prompt_model import PromptModel
from caig_cli.mllm.scoring import ResponseScorer
from caig_cli.records import Turn

QWEN = (
    "<|im_start|>user\n{image}{q}<|im_end|>\n<|im_start|>assistant\n{a}<|im_end|>\n"
    "<|im_start|>user\n{q2}<|im_end|>\n<|im_start|>assistant\n{a2}<|im_end|>"
)
SMOL = (
    "<|im_start|>User:{image}{q}<end_of_utterance>\nAssistant: {a}<end_of_utterance>\n"
    "User: {q2}<end_of_utterance>\nAssistant: {a2}<end_of_utterance>"
)
INST = "<s>[INST]{image}{q}[/INST]{a}</s>[INST]{q2}[/INST]{a2}</s>"
LLAVA = "<s>USER: {image}\n{q} ASSISTANT: {a}</s> USER: {q2} ASSISTANT: {a2}</s>"
TALKS = {
    "llava": LLAVA,
    "llava_next": LLAVA,
    "llava_onevision": (
        "<|im_start|>user {image}\n{q}<|im_end|><|im_start|>assistant\n{a}<|im_end|>"
        "<|im_start|>user \n{q2}<|im_end|><|im_start|>assistant\n{a2}<|im_end|>"
    ),
    "qwen2_vl": "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" + QWEN,
    "qwen2_5_vl": "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" + QWEN,
    "qwen3_vl": QWEN,
    "smolvlm": SMOL,
    "idefics3": SMOL,
    "internvl": QWEN.replace("{image}", "{image}\n"),
    "pixtral": INST,
    "mistral3": INST,
    "aya_vision": (
        "<s><|START_OF_TURN_TOKEN|><|USER_TOKEN|>{image}{q}<|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{a}<|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{q2}<|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{a2}<|END_OF_TURN_TOKEN|>"
    ),
    "gemma3": (
        "<s><start_of_turn>user\n{image}{q}<end_of_turn>\n<start_of_turn>model\n{a}<end_of_turn>\n"
        "<start_of_turn>user\n{q2}<end_of_turn>\n<start_of_turn>model\n{a2}<end_of_turn>"
    ),
}
AROUND = dict.fromkeys(("qwen2_vl", "qwen2_5_vl", "qwen3_vl"), "<|vision_start|>{}<|vision_end|>")
CELL = {"pixtral": 4, "mistral3": 8}
"""Pixels of a cell, whose processor can't be imported without torchvision."""
NUMBERED = {
    "start_of_img_token": "<|START_OF_IMG|>", "end_of_img_token": "<|END_OF_IMG|>", "tile_token": "TILE",
    "tile_global_token": "TILE_GLOBAL", "img_patch_token": "<|IMG_PATCH|>", "img_size": 16,
}  # fmt: skip
SAID = {"q": "What is it?", "a": "a red mug", "q2": "And where?", "a2": "on walnut wood"}
SHAPES = ((70, 40), (30, 90), (50, 50), (10, 11), (200, 37))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make_checkpoint(tmp_path_factory.mktemp(name), name) for name in FAMILIES}


def load(folder: Path) -> Mllm:
    return loading.load(str(folder), device=torch.device("cpu"), dtype=torch.float32)


def photo(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(width).integers(0, 255, (height, width, 3), np.uint8))


def framed(mllm: Mllm, image: Image.Image) -> Pixels:
    return flatten(mllm.rules.frame(image), mllm.rules.fill)


def image_text(family: str, folder: Path, mllm: Mllm, picture: Pixels) -> str:
    """What transformers' processor writes for a picture; not all can be built here, but all be asked."""
    image = image_processor(family, folder)
    named = {"image_processor": image, "image_token": "<image>", "patch_size": 8}
    if family in ("smolvlm", "idefics3"):
        shown = image(images=Image.fromarray(picture), return_row_col_info=True, return_tensors="pt")
        named |= {
            "fake_image_token": "<fake_token_around_image>",
            "global_image_token": "<global-img>",
            "global_image_tag": "<global-img>",
            "image_seq_len": 4,
        }
    else:
        shown = image(images=Image.fromarray(picture), return_tensors="pt")
    if family == "llava":
        return "<image>" * 16
    if family == "internvl":
        return "<img>" + "<IMG_CONTEXT>" * (4 * len(shown["pixel_values"])) + "</img>"
    if family == "gemma3":
        return "\n\n<start_of_image>" + "<image_soft_token>" * 16 + "<end_of_image>\n\n"
    if family in CELL:
        rows, columns = (int(side) // CELL[family] for side in shown["image_sizes"][0])
        return "[IMG_BREAK]".join(["[IMG]" * columns] * rows) + "[IMG_END]"
    if family == "aya_vision":
        named |= NUMBERED
    if family in AROUND:
        named |= {"image_token": "<|image_pad|>", "merge_size": 2}
    if family == "llava_next":
        asked: Any = transformers.LlavaNextProcessor(
            image, mllm.tokenizer, patch_size=8, vision_feature_select_strategy="default",
            num_additional_image_tokens=1,
        )  # fmt: skip
    elif family == "llava_onevision":
        asked = object.__new__(transformers.LlavaOnevisionProcessor)
        ways = {"vision_feature_select_strategy": "full", "vision_aspect_ratio": "anyres_max_3"}
        asked.__dict__ |= {**named, **ways, "num_image_tokens": 16}
    elif family == "smolvlm":
        return _smol(named, shown)
    else:
        asked = SimpleNamespace(**named)
    kind = {"qwen2_5_vl": "Qwen2_5_VLProcessor", "qwen3_vl": "Qwen3VLProcessor"}
    kind |= {"qwen2_vl": "Qwen2VLProcessor", "llava_onevision": "LlavaOnevisionProcessor"}
    kind |= {"llava_next": "LlavaNextProcessor", "idefics3": "Idefics3Processor"}
    kind |= {
        "pixtral": "PixtralProcessor",
        "mistral3": "PixtralProcessor",
        "aya_vision": "AyaVisionProcessor",
    }
    text = getattr(transformers, kind[family]).replace_image_token(asked, shown, 0)
    return AROUND.get(family, "{}").format(text)


def _smol(named: dict[str, Any], shown: Any) -> str:
    return str(transformers.Idefics3Processor.replace_image_token(SimpleNamespace(**named), shown, 0))


@pytest.mark.parametrize("family", FAMILIES)
def test_pixels_are_those_of_transformers(folders: dict[str, Path], family: str) -> None:
    mllm = load(folders[family])
    for shape in SHAPES:
        picture = framed(mllm, photo(*shape))
        mine = mllm.rules.tensor([picture])
        theirs = plain_inputs(family, folders[family], picture)["pixel_values"]
        torch.testing.assert_close(as_given(mine, theirs), theirs, rtol=0, atol=1e-6)
        pieces, rows = mllm.family.view.rows(mllm.config, size_of(picture))
        assert len(mine) == pieces
        with torch.no_grad():
            seen = mllm.family.view.encode(mllm.core, mine, [size_of(picture)])
        assert len(seen) == rows and seen.shape[-1] == mllm.family.view.width(mllm.config)


@pytest.mark.parametrize("family", FAMILIES)
def test_tokens_and_logits_are_those_of_transformers(folders: dict[str, Path], family: str) -> None:
    mllm, encoder = load(folders[family]), load(folders[family]).encoder
    turns = [Turn("human", "<image>\n" + SAID["q"]), Turn("gpt", SAID["a"])]
    turns += [Turn("human", SAID["q2"]), Turn("gpt", SAID["a2"])]
    for shape in SHAPES[:2]:
        picture = framed(mllm, photo(*shape))
        row = encoder.row([encoder.branch(turns, image=True)], image=True, size=size_of(picture))
        written = image_text(family, folders[family], mllm, picture)
        text = TALKS[family].format(image=written, **SAID)
        ids = list(row.prefix + row.branches[0].ids)
        assert ids == mllm.tokenizer(text, add_special_tokens=False)["input_ids"]
        sizes = [size_of(picture)]
        batch = collate([row], 0, mllm.rules.tensor([picture]), sizes=sizes)
        with torch.no_grad():
            mine = ResponseScorer(mllm)(batch)
            theirs = plain_logits(mllm, ids, plain_inputs(family, folders[family], picture))
        own = torch.tensor([False] * len(row.prefix) + list(row.branches[0].is_response))
        torch.testing.assert_close(mine, theirs[:-1][own[1:]], rtol=0, atol=2e-5)
        assert theirs.std() > 0.1, "the model says something"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_picture_matters(folders: dict[str, Path], family: str) -> None:
    mllm, encoder = load(folders[family]), load(folders[family]).encoder
    branch = encoder.branch([Turn("human", "x"), Turn("gpt", "a red mug")], image=True)
    pictures = [framed(mllm, image) for image in (photo(50, 50), Image.new("RGB", (50, 50), "red"))]
    rows = [encoder.row([branch], image=True, size=size_of(picture)) for picture in pictures]
    batch = collate(rows, 0, mllm.rules.tensor(pictures), sizes=[size_of(p) for p in pictures])
    with torch.no_grad():
        one, other = ResponseScorer(mllm)(batch).chunk(2)
    assert (one - other).abs().max() > 0.05


@pytest.mark.parametrize("family", FAMILIES)
def test_no_mark_is_ever_sampled_and_no_title_is_a_mark(folders: dict[str, Path], family: str) -> None:
    mllm = load(folders[family])
    model = PromptModel(mllm, "tiny")
    forbidden = set(model._forbidden())
    words = mllm.tokenizer
    assert set(words.all_special_ids) - {mllm.encoder.end, *model._stops()} <= forbidden
    assert {len(words), len(words) + 1, mllm.config.image_token_id} <= forbidden
    assert mllm.encoder.end not in forbidden and words.convert_tokens_to_ids("a") not in forbidden
    title = " ".join(words.all_special_tokens)
    asked = mllm.encoder.question(f"Title: {title}", image=True)
    plain = mllm.encoder.question("Title: mug", image=True)
    marks = set(words.all_special_ids)
    assert [i for i in asked if i in marks] == [i for i in plain if i in marks]


def test_a_budget_of_image_tokens_is_kept(folders: dict[str, Path]) -> None:
    for family in ("qwen2_5_vl", "qwen3_vl", "smolvlm", "idefics3", "internvl"):
        raw = {**FAMILIES[family][2], "max_pixels": 10**7, "max_patches": 30}
        raw["size"] = {"longest_edge": 10**7, "shortest_edge": 64}
        config = load(folders[family]).config
        row = families.FAMILIES[family]
        for most in (100, row.image_tokens):
            rules = row.view.read(raw, config, most)
            assert isinstance(rules, NativeShape)
            for size in map(rules.fit, ((300, 200), (200, 300))):
                tokens = row.view.placeholder_tokens(config, size)
                assert tokens.count("<image>") <= most and (most > 100 or tokens.count("<image>") > 25)
            two = rules.of_two().usual
            assert 2 * row.view.placeholder_tokens(config, two).count("<image>") <= most


def test_a_folder_sets_its_own_budget(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path, "qwen2_5_vl")
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "image_tokens": 9}))
    mllm = load(folder)
    assert mllm.rules.usual == (24, 24) and mllm.encoder.picture().count(mllm.config.image_token_id) == 9


def test_a_tokenizer_without_the_marks_is_refused(folders: dict[str, Path]) -> None:
    mllm = load(folders["qwen2_5_vl"])
    mllm.tokenizer = load(folders["llava"]).tokenizer
    with pytest.raises(UsageError, match=r"no token \d+ for pictures"):
        mllm.encoder.prefix(image=True)


def test_an_unknown_family_is_named() -> None:
    with pytest.raises(UsageError, match="'gpt2' are not supported; known families: embedded, llava"):
        families.family_of(transformers.GPT2Config())


LACKING = {
    "config.json": "no model here .expected a folder with config.json",
    "tokenizer.json": "lacks tokenizer.json; copy the whole checkpoint",
    "chat_template.jinja": "it has no chat template, so that nobody knows how it is asked",
    "preprocessor_config.json": "lacks preprocessor_config.json, which says how pictures are prepared",
}


@pytest.mark.parametrize("file", LACKING)
def test_a_file_that_is_missing_is_named(folders: dict[str, Path], file: str, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(folders["qwen2_vl"], folder)
    (folder / file).unlink()
    with pytest.raises(UsageError, match=f"checkpoint: {LACKING[file]}") as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_what_a_folder_says_wrongly_is_reported(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(folders["qwen2_vl"], folder)
    (folder / "preprocessor_config.json").write_text('{"image_mean": [0.5, 0.5, 0.5]}')
    with pytest.raises(UsageError, match="image processor's configuration can't be used"):
        load(folder)
    (folder / "chat_template.jinja").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"chat_template\.jinja: cannot be read"):
        load(folder)
    (folder / "config.json").write_text('{"model_type": "mllama", "auto_map": {"AutoModel": "own.Model"}}')
    with pytest.raises(UsageError, match=r"'mllama' are not supported; known families: .*never runs"):
        load(folder)
