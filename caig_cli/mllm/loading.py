"""Models of any family: load, make from nothing, adapt with LoRA, save."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers.utils import logging as transformers_logging

from caig_cli.engine import auto, sources
from caig_cli.engine.finite import check_tensors
from caig_cli.errors import UsageError, in_words
from caig_cli.mllm import adapters, quantise
from caig_cli.mllm.chat_template import read_template
from caig_cli.mllm.config import TowerShape
from caig_cli.mllm.encoder import Encoder
from caig_cli.mllm.families import FAMILIES, Family, check_folder, family_of
from caig_cli.mllm.folders import EMBEDDED, EMBEDDED_FOLDER, find_base, locate
from caig_cli.mllm.images import ImageRules, Rules, read_raw
from caig_cli.mllm.tokenizer import IMAGE

__all__ = ["EMBEDDED", "EMBEDDED_FOLDER", "Mllm", "load", "locate"]

# PEFT asks transformers by a name that the newest one warns of.
warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
"""Files of which a model's folder holds one."""
CONTEXT = 1024
"""Longest sequence, in tokens, that a model made from nothing is declared for."""
WIDER = (1, 2, 4, 6, 8)
"""Channels of each stage of a hybrid tower's residual network, in those of its stem."""


@dataclass(slots=True)
class Mllm:
    """A model with what it takes to talk to it. ``model`` is transformers' own class or PEFT's on it."""

    model: Any
    tokenizer: Any
    family: Family
    rules: Rules

    @property
    def config(self) -> Any:
        return self.model.config

    @property
    def quantised(self) -> str:
        """How its frozen weights are: ``nf4``, ``int8`` or ``none``."""
        return quantise.stored(self.config) or "none"

    @property
    def core(self) -> Any:
        """The transformers model itself, whose layers carry the adapters if there are any."""
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    @property
    def encoder(self) -> Encoder:
        return Encoder(self.tokenizer, self.family, self.config, self.rules.usual)

    @property
    def tower(self) -> Any:
        """The part that looks at pictures."""
        return self.core.model.get_submodule(self.family.view.vision_modules[0])

    def save(self, folder: Path, dtype: torch.dtype) -> None:
        """Write a folder that transformers (or, with adapters, PEFT) loads; weights as safetensors.

        A whole model is written in ``dtype``, an adapter as it is.
        """
        transformers_logging.disable_progress_bar()
        if self.model is not self.core:
            self.save_adapter(folder)
            return
        tied = self.model.all_tied_weights_keys if self.config.tie_word_embeddings else ()
        weights, buffers = self.model.state_dict().items(), dict(self.model.named_buffers())
        copy = {
            name: t.detach().to("cpu", t.dtype if name in buffers else dtype)  # running means want digits
            for name, t in weights
            if name not in tied
        }
        check_tensors(copy.items(), f"weights in {dtype}")
        self.model.config.dtype = dtype
        self.model.save_pretrained(folder, state_dict=copy)
        self.tokenizer.save_pretrained(folder)
        _write_json(folder / "preprocessor_config.json", self.rules.to_config())
        if self.family.view.processor is not None:
            _write_json(folder / "processor_config.json", self.family.view.processor(self.config))

    def save_adapter(self, folder: Path, name: str = "default") -> None:
        """Write the folder of one adapter; it tells how its base was quantised."""
        self.model.save_pretrained(folder, selected_adapters=[name], save_embedding_layers=False)
        base = base_name(self, name)
        adapters.rename_base(folder, base, locate(base))
        if self.quantised != "none":
            quantise.write_note(folder, self.quantised)


def load(source: str, *, device: torch.device, dtype: torch.dtype, quantised: str = "auto") -> Mllm:
    """Load ``embedded``, a model, or an adapter with the base that it names; folders or hub names.

    ``quantised`` is ``nf4``, ``int8``, ``none``, or ``auto``: as stored, or as the adapter was trained.
    Raises UsageError when the folder holds no model, one of an unknown family, or other bits than asked.
    """
    folder = locate(source)
    if (folder / "adapter_config.json").is_file():
        asked = quantise.read_note(folder) if quantised == "auto" else quantised
        return _load_adapter(folder, device=device, dtype=dtype, quantised=asked)
    import transformers

    transformers_logging.disable_progress_bar()
    config = read_config(folder)
    family = family_of(config)
    tokenizer = read_tokenizer(folder, family, config)
    method = quantise.decide(quantised, config, source)
    given: dict[str, Any] = {}
    if method != "none":
        given["device_map"] = {"": device}  # whole on this process's own device
        if quantise.stored(config) is None:
            targets = family.lora_targets
            given["quantization_config"] = quantise.settings(method, skeleton(config), targets, dtype)
    loader = getattr(transformers, family.auto_class)
    model = _read_model(loader, folder, dtype=dtype, **given)
    quantise.keep_layout(model)
    return Mllm(model.to(device).eval(), tokenizer, family, rules_of(folder, family, config))


def load_to_judge(source: str, *, device: torch.device, dtype: torch.dtype, quantised: str = "auto") -> Mllm:
    """As ``load``, for inference: an adapter is applied to its base's weights where these keep it.

    Its small matrices cost a third of the time. Fewer bits than 32 would lose them in the base.
    """
    folder = locate(source)
    if dtype != torch.float32 or not (folder / adapters.CONFIG).is_file():
        return load(source, device=device, dtype=dtype, quantised=quantised)
    name, weights = base_of(folder)
    asked = quantise.read_note(folder) if quantised == "auto" else quantised
    mllm = load(name, device=device, dtype=dtype, quantised=asked)
    whole = mllm.quantised == "none" and not (weights / adapters.CONFIG).is_file()
    if whole and adapters.apply(mllm.model, folder, base=weights):
        mllm.model.requires_grad_(False)
        return mllm
    mllm = _load_adapter(folder, device=device, dtype=dtype, quantised=asked)
    if mllm.quantised == "none":
        mllm.model.merge_adapter()
    return mllm


def read_config(folder: Path) -> Any:
    """The configuration of a model of a known family. Raises UsageError for others."""
    check_folder(folder)
    return auto.read_config(folder)


def read_tokenizer(folder: Path, family: Family, config: Any) -> Any:
    """The tokenizer of a model folder with the model's chat template.

    Raises UsageError where it can't be read, or where the template is missing or can't be used.
    """
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise UsageError(f"{folder}: lacks tokenizer.json; copy the whole checkpoint")
    template = read_template(folder) or family.template
    tokenizer = auto.read_tokenizer(folder)
    tokenizer.chat_template = template
    usual = rules_of(folder, family, config).usual
    try:
        Encoder(tokenizer, family, config, usual)
    except UsageError as error:
        raise UsageError(f"{folder}: {error}") from None
    return tokenizer


def _read_model(loader: Any, folder: Path, **given: Any) -> Any:
    """The model of a folder. Raises UsageError where weights are missing: transformers goes on without."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # its table of what is missing is our one line
    try:
        model, info = loader.from_pretrained(folder, local_files_only=True, output_loading_info=True, **given)
    except (ImportError, OSError, RuntimeError, ValueError, SafetensorError) as error:
        if "ignore_mismatched_sizes" in str(error):
            raise UsageError(f"{folder}: its weights have other shapes than its config.json says") from None
        raise UsageError(
            f"{folder}: its weights can't be read: {' '.join(str(error).split())[:300]}"
        ) from None
    finally:
        transformers_logging.set_verbosity(before)
    missing = sorted(info["missing_keys"])
    if missing:
        more = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
        raise UsageError(f"{folder}: lacks the weights {', '.join(missing[:2])}{more}; copy the folder again")
    return model


def rules_of(folder: Path, family: Family, config: Any) -> Rules:
    """How a model folder wants its pictures. Raises UsageError where it does not say so."""
    raw = read_raw(folder)
    try:
        return family.view.read(raw, config, int(raw.get("image_tokens", family.image_tokens)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{folder}: its image processor's configuration can't be used: {in_words(error)}"
        ) from None


def base_name(mllm: Mllm, adapter: str = "default") -> str:
    """The model that an adapter of ``mllm`` stands on, as ``load`` takes it."""
    config = mllm.model.peft_config[adapter]
    return sources.join_revision(str(config.base_model_name_or_path), config.revision)


def skeleton(config: Any) -> Any:
    """The model of a configuration without weights, on the meta device."""
    import transformers

    maker = getattr(transformers, family_of(config).auto_class)
    with torch.device("meta"):
        return maker.from_config(config) if hasattr(maker, "from_config") else maker._from_config(config)


def base_of(folder: Path) -> tuple[str, Path]:
    """The model that an adapter's folder stands on, by name and by folder.

    Raises UsageError where it is not here, or where the adapter is no LoRA.
    """
    adapters.check_kind(folder)
    name = str(sources.base_of_adapter(folder))
    return name, find_base(folder, name)


def _load_adapter(folder: Path, *, device: torch.device, dtype: torch.dtype, quantised: str) -> Mllm:
    name, weights = base_of(folder)
    base = load(name, device=device, dtype=dtype, quantised=quantised)
    base.model = adapters.attach(base.model, folder, base=weights).to(device).eval()
    for saved in base.model.peft_config.values():
        saved.base_model_name_or_path, saved.revision = sources.split_revision(name)
    return base


def hybrid_tower(shape: TowerShape) -> Any:
    """Configuration of a hybrid vision transformer: attention over the last map of a residual network.

    Convolutions learn from thousands of pictures what patches alone would need millions for. Its batch norms
    keep how bright a picture is, which group norms throw away: with those, moods were told half as often.
    """
    from transformers import DPTConfig, ResNetConfig

    stages = len(shape.depths)
    network = ResNetConfig(
        embedding_size=shape.width,
        hidden_sizes=[shape.width * n for n in WIDER[:stages]],
        depths=list(shape.depths),
        layer_type="basic",
        out_features=[f"stage{n}" for n in range(stages - 2, stages + 1)],
    )
    stride = 2 ** (stages + 1)
    side = shape.image_size // stride
    return DPTConfig(
        is_hybrid=True,
        backbone_config=network,
        backbone_featmap_shape=[1, network.hidden_sizes[-1], side, side],
        neck_ignore_stages=[0, 1],
        image_size=shape.image_size,
        patch_size=stride,
        hidden_size=shape.hidden_size,
        intermediate_size=shape.intermediate_size,
        num_hidden_layers=shape.num_hidden_layers,
        num_attention_heads=shape.num_attention_heads,
    )


def llama(shape: Mapping[str, Any], tokenizer: Any) -> Any:
    """Configuration of a language model; the vocabulary and the special tokens are the tokenizer's.

    ``shape`` has keys of LlamaConfig. Embeddings are tied: a small model can't afford them twice.
    """
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=CONTEXT,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
        **shape,
    )


def from_scratch(tower: Any, language: Any, tokenizer: Any, matte: tuple[int, int, int]) -> Mllm:
    """A new model of transformers' LLaVA class with random weights, drawn from torch's generator.

    ``tower`` and ``language`` are the configurations of its two halves.
    """
    from transformers import LlavaConfig, LlavaForConditionalGeneration

    config = LlavaConfig(
        vision_config=tower,
        text_config=language,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        tie_word_embeddings=True,
        caig_family="embedded",
    )
    tokenizer.chat_template = FAMILIES["embedded"].template
    red, green, blue = (level / 255 for level in matte)
    rules = ImageRules(int(tower.image_size), (red, green, blue), (0.25, 0.25, 0.25), matte)
    return Mllm(LlavaForConditionalGeneration(config), tokenizer, FAMILIES["embedded"], rules)


def copy_language_model(mllm: Mllm, other: Mllm) -> None:
    """Take over the weights of another model's language half; both are of one configuration."""
    mllm.core.model.language_model.load_state_dict(other.core.model.language_model.state_dict())


@torch.no_grad()
def level_projector(mllm: Mllm, pixels_B3HW: torch.Tensor) -> None:
    """Scale a new projector so that image tokens enter the language model as large as its words.

    A tower ends without a norm. Tokens that are a thousand times too large are seen, but the layers' updates
    no longer change them, and their gradient shrinks as they grow.
    """
    core = mllm.core.model
    projector, words = core.multi_modal_projector, core.language_model.embed_tokens.weight
    core.vision_tower.eval()  # a few pictures must not move what its batch norms have measured
    seen = mllm.family.view.encode(mllm.core, pixels_B3HW.to(words.device), ())
    projector.linear_1.weight /= _rms(projector.linear_1(seen))
    projector.linear_2.weight *= _rms(words) / _rms(projector(seen))


def _rms(values: torch.Tensor) -> torch.Tensor:
    return values.pow(2).mean().sqrt()


def check_trainable(mllm: Mllm, key: str) -> None:
    """Raises UsageError where all weights are to be trained and are quantised; ``key`` names the adapters."""
    if mllm.quantised != "none":
        raise UsageError(
            f"{key}: weights in {mllm.quantised} can't be trained; give adapters, or quantise none"
        )


def add_lora(
    mllm: Mllm, base: str, *, rank: int, alpha: float, dropout: float, targets: str | None = None
) -> Mllm:
    """The same model with new trainable adapters on the family's linear layers; the rest is frozen.

    ``base`` is written into the adapter, so that it finds its model again. ``targets`` is a pattern of layer
    names that takes the place of the family's.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank,
        lora_alpha=int(alpha),
        lora_dropout=dropout,
        target_modules=targets or mllm.family.lora_targets,
    )
    model = get_peft_model(mllm.model, config)
    for saved in model.peft_config.values():
        saved.base_model_name_or_path, saved.revision = sources.split_revision(base)
    return Mllm(model, mllm.tokenizer, mllm.family, mllm.rules)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
