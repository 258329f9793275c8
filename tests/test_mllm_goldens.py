"""The LLaVA row against reference values of the method's own code, where those are at hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from golden_llava import GOLDENS, load_golden
from PIL import Image
from transformers import LlavaForConditionalGeneration

from caig_cli.mllm.images import ImageRules, see
from caig_cli.mllm.sampling import sample
from caig_cli.mllm.views.plain import patch_tokens

IMAGE = -200

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="reference values are not here")


@pytest.fixture(scope="module")
def golden_model() -> LlavaForConditionalGeneration:
    return load_golden("prompt-model-pad")


@pytest.mark.parametrize("case", ["c6", "c7"])
def test_pixels_logits_and_greedy_words(golden_model: LlavaForConditionalGeneration, case: str) -> None:
    arrays = np.load(GOLDENS / "a_prompt_model.npz")
    facts = {row["case"]: row for row in json.loads((GOLDENS / "a_prompt_model.json").read_text())}[case]
    pixels = see(Image.open(GOLDENS / facts["image"]), ImageRules(56))
    expected = torch.from_numpy(arrays[f"{case}_pixel_values"])
    level = 1 / 255 / 0.26
    assert (pixels - expected).abs().max() <= 3.01 * level, "Pillow versions differ by up to three levels"
    tokens = patch_tokens(golden_model.config, 56)
    ids: list[int] = []
    for token in arrays[f"{case}_input_ids"][0].tolist():
        ids += [golden_model.config.image_token_id] * tokens if token == IMAGE else [token]
    prompt = torch.tensor([ids])
    with torch.no_grad():
        logits = golden_model(input_ids=prompt, pixel_values=expected).logits[0, :, :-1]
    torch.testing.assert_close(logits, torch.from_numpy(arrays[f"{case}_logits"]), rtol=0, atol=1e-4)
    greedy = arrays[f"{case}_greedy_ids"][0].tolist()
    forbidden = [golden_model.config.image_token_id]
    options = {
        "seeds": [0],
        "end": 2,
        "forbidden": forbidden,
        "max_new_tokens": len(greedy),
        "temperature": 0,
    }
    assert sample(golden_model, prompt, expected, **options)[0] == [i for i in greedy if i != 2]
