"""How others open what a run has made, for model cards: a few lines that a test runs as they stand."""

from __future__ import annotations

from caig_cli.engine.hub_name import EMBEDDED, HubName

_BASE = {
    EMBEDDED: (
        "from importlib.resources import files  # the base ships in caig: pip install caig\n",
        'str(files("caig_cli") / "embedded" / "prompt-model")',
    )
}


def use_adapter(base: str, question: str) -> str:
    """Markdown: a prompt model's adapter with plain transformers and PEFT, asked ``question``."""
    more, path = _BASE.get(base, ("", ""))
    hub = HubName.parse(base)
    at = "" if hub is None or hub.revision is None else f', revision="{hub.revision}"'
    path = path or repr(base if hub is None else hub.at(None))
    opened = (
        f'base, adapter = {path}, "."  # this folder\n'
        f'model = AutoModelForImageTextToText.from_pretrained(base, dtype="auto"{at})\n'
        "model = PeftModel.from_pretrained(model, adapter)\n"
        f"processor = AutoProcessor.from_pretrained(base{at})"
    )
    return _program(f"{more}from peft import PeftModel\n", opened, question)


def use_model(question: str) -> str:
    """Markdown: a whole prompt model with plain transformers."""
    opened = (
        'model = AutoModelForImageTextToText.from_pretrained(".", dtype="auto")  # this folder\n'
        'processor = AutoProcessor.from_pretrained(".")'
    )
    return _program("", opened, question)


def _program(more: str, opened: str, question: str) -> str:
    return f"""\
```python
{more}from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

{opened}
parts = [{{"type": "image", "image": Image.open("mug.png").convert("RGB")}}]
parts += [{{"type": "text", "text": {question!r}}}]
inputs = processor.apply_chat_template(
    [{{"role": "user", "content": parts}}], add_generation_prompt=True, tokenize=True, return_dict=True,
    return_tensors="pt",
).to(model.dtype)
answer = model.generate(**inputs, max_new_tokens=96)[0, inputs["input_ids"].shape[1]:]
print(processor.decode(answer, skip_special_tokens=True))
```
"""


USE_JUDGE = """\
```python
from caig_cli.engine.runtime import choose_device
from caig_cli.rewards.judge import TrainedJudge
from PIL import Image

judge = TrainedJudge.load(".", choose_device("auto"))  # this folder
ads = [Image.open(name).convert("RGB") for name in ("ad-1.png", "ad-2.png")]  # of one product
ranking = judge.rank(ads, "Red mug", {})
print(ranking.order, ranking.wins)
```

or `caig score --model FOLDER ad-1.png ad-2.png`, `caig eval-rm --judge FOLDER`, `caig pcpo --judge FOLDER`.
"""
"""Markdown: a reward model in Python and on the command line."""
