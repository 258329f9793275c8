"""Imported prompt models against reference values of the method's own code, where those are at hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from goldens import GOLDENS, IMAGE, arrays, exact, facts, imported
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from caig_cli.mllm import loading
from caig_cli.mllm.images import flatten, size_of
from caig_cli.mllm.sampling import QuestionPictures, sample_many

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="reference values are not here")

PAD, ANYRES = ("c6", "c7"), ("c0", "c1", "c4")
LEVEL = 1 / 255 / 0.26
"""One level of a pixel, normalised."""


def talk(prompt: str) -> list[dict[str, Any]]:
    """The question of a written prompt, as transformers' chat templates take it."""
    question = prompt.split("<image>\n")[1].removesuffix(" ASSISTANT:")
    return [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}]


@pytest.mark.parametrize("case", [*PAD, *ANYRES])
def test_any_user_of_transformers_gets_the_originals_words(case: str) -> None:
    """Prompt, token ids, pixels, logits and greedy words, with nothing but transformers' auto classes."""
    row, expected = facts("a_prompt_model")[case], arrays("a_prompt_model")
    folder = imported(row["model"])
    model, loaded = AutoModelForImageTextToText.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    assert not any(loaded.values()), "from_pretrained only warns of missing names"
    processor = AutoProcessor.from_pretrained(folder)
    text = processor.apply_chat_template(talk(row["prompt"]), add_generation_prompt=True)
    assert text == row["prompt"]
    inputs = processor(images=Image.open(GOLDENS / row["image"]), text=text, return_tensors="pt")
    image, ids = model.config.image_token_id, expected[f"{case}_input_ids"][0].tolist()
    words = [i for i in inputs["input_ids"][0].tolist() if i != image]
    assert words == [i for i in ids if i != IMAGE]
    assert (inputs["input_ids"] == image).sum() == row["n_image"]
    pixels = torch.from_numpy(expected[f"{case}_pixel_values"])
    assert (inputs["pixel_values"] - pixels).abs().max() <= 3.01 * LEVEL, "Pillow versions differ a little"
    inputs["pixel_values"] = pixels
    with torch.no_grad():
        logits = model(**inputs).logits[0, :, :image]
        greedy = model.generate(**inputs, do_sample=False, max_new_tokens=row["gen_len"])
    torch.testing.assert_close(logits, torch.from_numpy(expected[f"{case}_logits"]), rtol=0, atol=1e-4)
    assert greedy[0, inputs["input_ids"].shape[1] :].tolist() == expected[f"{case}_greedy_ids"][0].tolist()


@pytest.mark.parametrize("case", [*PAD, *ANYRES])
def test_our_own_way_to_the_same_words(case: str) -> None:
    """Our pixels, our token ids and our sampling."""
    row, expected = facts("a_prompt_model")[case], arrays("a_prompt_model")
    mllm = loading.load(str(imported(row["model"])), device=exact().device, dtype=exact().dtype)
    picture = flatten(mllm.rules.frame(Image.open(GOLDENS / row["image"])), mllm.rules.fill)
    pixels = mllm.rules.tensor([picture])
    original = torch.from_numpy(expected[f"{case}_pixel_values"]).reshape(pixels.shape)
    *whole, tiles = (pixels[:1], pixels[1:]) if case in ANYRES else (pixels,)
    assert (tiles - original[-len(tiles) :]).abs().max() <= 3.01 * LEVEL
    for tile in whole:  # made of the framed picture, where the original resizes the photo a second time
        assert (tile - original[:1]).abs().mean() <= 2 * LEVEL
    question = talk(row["prompt"])[0]["content"][1]["text"]
    asked = mllm.encoder.asked(question, size_of(picture))
    ids, image = expected[f"{case}_input_ids"][0].tolist(), mllm.config.image_token_id
    place = ids.index(IMAGE)
    assert list(asked.prefix) == ids[:place] + [image] * row["n_image"] + ids[place + 1 :]
    greedy = expected[f"{case}_greedy_ids"][0].tolist()
    for seen in (original, pixels):
        (answers,) = sample_many(
            mllm.core, [asked], QuestionPictures(seen, (size_of(picture),)), seeds=[[0]],
            end=mllm.encoder.end,
            forbidden=[image], max_new_tokens=len(greedy), temperature=0,
        )  # fmt: skip
        assert answers == [[i for i in greedy if i != mllm.encoder.end]]
