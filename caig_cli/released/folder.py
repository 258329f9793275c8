"""A planned import as a folder that transformers loads."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken
from transformers.utils import logging as transformers_logging

from caig_cli.engine.files import atomic_write, to_json
from caig_cli.engine.model_folder import read_json
from caig_cli.engine.report import Bar
from caig_cli.errors import UsageError
from caig_cli.mllm.image_inputs.plain import processor_config
from caig_cli.mllm.tokenizer import IMAGE
from caig_cli.released.layout import hub_name
from caig_cli.released.plan import PER_WORD, ImportPlan
from caig_cli.released.sentencepiece import read_pieces
from caig_cli.released.weight_files import Weight, WeightFile, serialized, write_weights
from caig_cli.rewards.facts import RewardFacts
from caig_cli.rewards.implementations import HEADS
from caig_cli.rewards.storage import FILE

SENTENCE = (
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, "
    "detailed, and polite answers to the human's questions. "
)
"""What the authors' prompt models are told first; other checkpoints of their class are not."""
SMALL = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
"""What a tokenizer's settings are in, besides its words."""


def read_tokenizer(checkpoint: Path) -> Any:
    """The tokenizer of a checkpoint. Raises UsageError when there is none or it is damaged.

    Written anew as one ``tokenizer.json``, so that transformers' own class reads it without the sentencepiece
    library.
    """
    from transformers import LlamaTokenizer

    transformers_logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if (checkpoint / "tokenizer.model").is_file():
            pieces = read_pieces(checkpoint / "tokenizer.model")
            plain = LlamaTokenizer(vocab=pieces.vocabulary, merges=pieces.merges, add_bos_token=True)
            plain.add_tokens([AddedToken(word, normalized=False) for word in pieces.whole])
            plain.save_pretrained(folder)
        elif (checkpoint / "tokenizer.json").is_file():
            shutil.copy(checkpoint / "tokenizer.json", folder)
        else:
            raise UsageError(f"{checkpoint}: no tokenizer here (expected tokenizer.model or tokenizer.json)")
        for small in SMALL:
            if (checkpoint / small).is_file():
                shutil.copy(checkpoint / small, folder)
        try:
            # The original tokenises what follows an image as a text of its own, with a space of its own.
            tokenizer = LlamaTokenizer.from_pretrained(folder, legacy=True)
        except Exception as error:  # whatever a damaged file makes the reader raise
            raise UsageError(f"{checkpoint}: its tokenizer can't be read: {error}") from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token  # as the original does
    return tokenizer


def write_model(plan: ImportPlan, tokenizer: Any, folder: Path, bar: Bar) -> None:
    """Write the model's folder: weights one tensor at a time, configuration, tokenizer, processor files."""
    _write_weights(plan, folder, bar)
    plan.config.architectures = [f"{_class(plan)}ForConditionalGeneration"]
    plan.config.save_pretrained(folder)
    _generation_config(plan, tokenizer).save_pretrained(folder)
    tokenizer.add_tokens(AddedToken(IMAGE, special=True, normalized=False), special_tokens=True)
    tokenizer.init_kwargs["legacy"] = True
    tokenizer.save_pretrained(folder)
    for name, value in processor_files(plan).items():
        (folder / name).write_text(to_json(value, indent=2) + "\n", "utf-8")
    (folder / "chat_template.jinja").write_text(chat_template(plan), "utf-8")


def write_reward_parts(plan: ImportPlan, recipe_hash: str, folder: Path) -> None:
    """Write what makes a model's folder a reward model's: both heads and what its judge must know.

    Its CTR head learnt raw rates, on which its errors are not known: no rates are told.
    """
    hidden = int(plan.config.text_config.hidden_size)
    heads = {name: _read(weight) for name, weight in plan.heads.items()}
    heads.setdefault("ctr.weight", torch.zeros(2, hidden))
    shapes = dict.fromkeys(heads, (2, hidden))
    atomic_write(folder / HEADS, serialized(shapes, torch.float32, heads.__getitem__))
    facts = RewardFacts(
        arch="mllm",
        settings={"layout": "side_by_side"},
        form="official",
        caption=False,
        attributes=False,
        ctr_mean=0.0,
        ctr_std=1.0,
        ctr_log_spread=None,
        temperature=1.0,
        base=None,
        base_fingerprint=None,
        simulated=False,
        prior=None,
        recipe=recipe_hash,
        evaluation={},
    )
    (folder / FILE).write_text(to_json(facts.model_dump(), indent=2) + "\n", "utf-8")


def processor_files(plan: ImportPlan) -> dict[str, dict[str, Any]]:
    """Image processor and processor, by file: transformers' own classes then see a picture as we do."""
    config, tower, name = plan.config, plan.config.vision_config, _class(plan)
    side = {"height": tower.image_size, "width": tower.image_size}
    image: dict[str, Any] = {
        "image_processor_type": f"{name}ImageProcessor",
        "do_convert_rgb": True,
        "do_pad": True,
        "do_resize": True,
        "size": {"shortest_edge": tower.image_size},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": side,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(plan.mean),
        "image_std": list(plan.std),
    }
    if config.model_type == "llava_next":
        image["image_grid_pinpoints"] = config.image_grid_pinpoints
    processor = processor_config(config) | {"processor_class": f"{name}Processor"}
    return {"preprocessor_config.json": image, "processor_config.json": processor}


def chat_template(plan: ImportPlan) -> str:
    """The authors' conversation as transformers' template; the tokenizer puts the start token before it.

    A released reward model is asked without their sentence, and nobody is named who asks.
    """
    start, user = ("", "") if plan.is_reward else (SENTENCE, "USER: ")
    return (
        f"{{{{ {start!r} }}}}"
        "{% for message in messages %}"
        f"{{{{ {user!r} if message['role'] == 'user' else ' ASSISTANT: ' }}}}"
        "{% if message['content'] is string %}{{ message['content'] }}"
        "{% else %}{% for part in message['content'] %}"
        f"{{{{ {IMAGE!r} + '\\n' if part['type'] == 'image' else part['text'] }}}}"
        "{% endfor %}{% endif %}"
        "{% if message['role'] != 'user' %}{{ eos_token }}{% endif %}"
        "{% endfor %}"
        "{% if add_generation_prompt %}{{ ' ASSISTANT:' }}{% endif %}"
    )


def card(plan: ImportPlan) -> str:
    """The README of the folder."""
    kind = "reward model" if plan.is_reward else "prompt model"
    use = (
        "`caig eval-rm --judge FOLDER`, `caig pcpo --judge FOLDER`"
        if plan.is_reward
        else "`caig generate --set writer.model=FOLDER`, `caig pcpo --base FOLDER`"
    )
    return (
        f"# A released {kind}\n\n"
        "Made by `caig import` from a checkpoint in the original LLaVA layout; `import.json` lists what "
        f"became of each tensor. For {use}, or `AutoModelForImageTextToText` of transformers 5.\n\n"
        "The weights remain under the terms under which they were released: research use only.\n"
    )


def _class(plan: ImportPlan) -> str:
    return "LlavaNext" if plan.config.model_type == "llava_next" else "Llava"


# --- parts -----------------------------------------------------------------------------------------


def _write_weights(plan: ImportPlan, folder: Path, bar: Bar) -> None:
    sources = {hub_name(name): weight for name, weight in plan.found.items()}
    shapes = {hub_name(name): plan.shapes[name] for name in plan.found}
    shard: WeightFile | None = None

    def read(name: str) -> torch.Tensor:
        nonlocal shard
        weight = sources[name]
        if shard is None or shard.path != weight.file:
            shard = None  # the old one is closed before the next one is opened
            shard = WeightFile(weight.file)
        tensor = shard.read(weight.name)
        bar.advance()
        return _with_image_row(tensor) if plan.grown and name.endswith(PER_WORD) else tensor

    write_weights(folder, shapes, plan.dtype, read)


def _with_image_row(rows_VD: torch.Tensor) -> torch.Tensor:
    """One more row, the mean of the others: as a logit, it is never the largest."""
    mean_1D = rows_VD.mean(0, keepdim=True, dtype=torch.float32)
    return torch.cat([rows_VD, mean_1D.to(rows_VD.dtype)])


def _read(weight: Weight) -> torch.Tensor:
    return WeightFile(weight.file).read(weight.name)


def _generation_config(plan: ImportPlan, tokenizer: Any) -> Any:
    """The original's settings; the image token is suppressed, since its row was never trained."""
    from transformers import GenerationConfig

    path = plan.checkpoint / "generation_config.json"
    raw: Mapping[str, Any] = read_json(path) if path.is_file() else {}
    kept = ("temperature", "top_p", "top_k", "max_length", "do_sample")
    settings = {key: raw[key] for key in kept if raw.get(key) is not None}
    if {"temperature", "top_p"} & settings.keys():
        settings["do_sample"] = True  # transformers refuses to save a temperature that nothing reads
    return GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        suppress_tokens=[plan.config.image_token_id],
        **settings,
    )
