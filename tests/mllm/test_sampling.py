"""Many answers from one prefill: the same answers as one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from tiny_mllm import make_tiny

from caig_cli.engine.runtime import choose_device
from caig_cli.errors import UsageError
from caig_cli.mllm import loading
from caig_cli.mllm.images import preprocess
from caig_cli.mllm.loading import Mllm
from caig_cli.mllm.prompt_model import PromptModel, Sampler
from caig_cli.mllm.sampling import pick, sample

RED = Image.new("RGB", (40, 50), (200, 30, 20))


@pytest.fixture(scope="module")
def tiny() -> Mllm:
    return make_tiny()


def test_one_prefill_equals_separate_generations(tiny: Mllm) -> None:
    model = PromptModel(tiny, "tiny")
    together = model.write_prompts(RED, "Write a prompt", seeds=[5, 6, 7, 8], max_new_tokens=24)
    alone = [
        model.write_prompts(RED, "Write a prompt", seeds=[s], max_new_tokens=24)[0] for s in (5, 6, 7, 8)
    ]
    assert together == alone and len(set(together)) == 4


def test_a_row_does_not_depend_on_its_neighbours(tiny: Mllm) -> None:
    model = PromptModel(tiny, "tiny")
    first = model.write_prompts(RED, "x", seeds=[1, 2, 3], max_new_tokens=16)
    second = model.write_prompts(RED, "x", seeds=[3, 9, 1], max_new_tokens=16)
    assert first[0] == second[2] and first[2] == second[0]


def test_greedy_equals_transformers_generate(tiny: Mllm) -> None:
    encoder = tiny.encoder
    ids = torch.tensor([encoder.prefix(image=True) + encoder.question("What is it?", image=True)])
    pixels = preprocess(RED, tiny.rules)
    end = tiny.tokenizer.eos_token_id
    ours = sample(tiny.model, ids, pixels, seeds=[0], end=end, max_new_tokens=12, temperature=0)[0]
    options = {"do_sample": False, "max_new_tokens": 12, "eos_token_id": end, "pad_token_id": 0}
    theirs = tiny.model.generate(input_ids=ids, pixel_values=pixels, **options)[0, ids.shape[1] :].tolist()
    assert ours == (theirs[: theirs.index(end)] if end in theirs else theirs)


def test_top_p_and_forbidden_by_hand() -> None:
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log().repeat(4, 1)
    uniform = torch.tensor([0.0, 0.49, 0.51, 0.9999], dtype=torch.float64)
    assert pick(logits, uniform, 1.0, 1.0).tolist() == [0, 0, 1, 3]
    assert pick(logits, uniform, 1.0, 0.6).tolist() == [0, 0, 0, 1], "only 0.5 and 0.3 are left"
    assert pick(logits, uniform, 1.0, 1.0, forbidden=(0,)).tolist() == [1, 1, 1, 3]
    assert pick(logits, uniform, 0.0, 1.0).tolist() == [0] * 4


def test_sampling_follows_the_distribution() -> None:
    share = torch.tensor([0.5, 0.3, 0.15, 0.05])
    uniform = torch.rand(20_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    drawn = pick(share.log().repeat(20_000, 1), uniform, 1.0, 1.0)
    torch.testing.assert_close(torch.bincount(drawn) / 20_000, share, rtol=0, atol=0.01)


def test_a_saved_model_is_the_same_model(tiny: Mllm, tmp_path: Path) -> None:
    tiny.save(tmp_path, torch.float32)
    runtime = choose_device("cpu", "fp32")
    again = PromptModel.load(str(tmp_path), runtime)
    asked = {"seeds": [1, 2], "max_new_tokens": 8}
    assert again.write_prompts(RED, "x", **asked) == PromptModel(tiny, "").write_prompts(RED, "x", **asked)
    assert again.mllm.rules == tiny.rules and again.mllm.family.name == "embedded"


def test_transformers_alone_can_use_a_saved_model(tiny: Mllm, tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText, AutoTokenizer, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tiny.save(tmp_path, torch.float32)
    model = AutoModelForImageTextToText.from_pretrained(tmp_path)
    pixels = CLIPImageProcessorPil.from_pretrained(tmp_path)
    processor = LlavaProcessor.from_pretrained(
        tmp_path, image_processor=pixels, tokenizer=AutoTokenizer.from_pretrained(tmp_path)
    )
    square = Image.new("RGB", (32, 32), (200, 30, 20))
    inputs = processor(images=square, text="<image>\nWhat is it?\n", return_tensors="pt")
    encoder = tiny.encoder
    expected = encoder.prefix(image=True) + encoder.question("What is it?", image=True)
    assert inputs["input_ids"][0].tolist() == list(expected)
    torch.testing.assert_close(inputs["pixel_values"], preprocess(square, tiny.rules), rtol=0, atol=1e-5)
    theirs = model(**inputs).logits
    ours = tiny.model(input_ids=torch.tensor([expected]), pixel_values=preprocess(square, tiny.rules)).logits
    torch.testing.assert_close(theirs, ours, rtol=0, atol=1e-4)


def test_a_lora_adapter_starts_as_its_base_and_finds_it_again(tmp_path: Path) -> None:
    base, folder = make_tiny(), tmp_path / "base"
    base.save(folder, torch.float32)
    adapted = loading.add_lora(make_tiny(), str(folder), rank=2, alpha=4, dropout=0.0)
    trainable = [name for name, p in adapted.model.named_parameters() if p.requires_grad]
    assert trainable and all("language_model" in name and "lora_" in name for name in trainable)
    runtime = choose_device("cpu", "fp32")
    adapted.save(tmp_path / "adapter", torch.float32)
    same = PromptModel.load(str(tmp_path / "adapter"), runtime).write_prompts(RED, "x", seeds=[1])
    assert same == PromptModel(base, "").write_prompts(RED, "x", seeds=[1])


def test_no_model_is_one_line(tmp_path: Path) -> None:
    runtime = choose_device("cpu", "fp32")
    with pytest.raises(UsageError, match="no such folder"):
        PromptModel.load(str(tmp_path / "none"), runtime)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(UsageError, match="'bert' are not supported"):
        PromptModel.load(str(tmp_path), runtime)


def test_many_questions_at_once_are_answered_as_one_by_one(tiny: Mllm) -> None:
    """Questions of unequal length share the forward passes; rows that end early leave them."""
    model, sampler = PromptModel(tiny, "tiny"), Sampler(max_new_tokens=40)
    pictures = [RED, Image.new("RGB", (40, 40), (10, 200, 30)), Image.new("RGB", (30, 60), (1, 2, 200))]
    questions = ["Write a prompt", "x", "Write a background prompt for this product. Title: red mug"]
    seeds = [[5, 6, 7], [8], [9, 10]]
    together = model.write_many(pictures, questions, seeds=seeds, sampler=sampler)
    alone = [
        [model.write_prompts(picture, text, seeds=[seed], max_new_tokens=40)[0] for seed in some]
        for picture, text, some in zip(pictures, questions, seeds, strict=True)
    ]
    assert together == alone and len({len(text) for some in alone for text in some}) > 2
