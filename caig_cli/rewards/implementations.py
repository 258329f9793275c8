"""How models of each reward architecture are made, written and read: what rows of ``architectures`` lead to.

Everything else (data, calibration, judging) is the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from caig_cli.engine.finite import check_tensors
from caig_cli.engine.runtime import Runtime
from caig_cli.errors import UsageError
from caig_cli.mllm import loading
from caig_cli.mllm.adapters import fill, read_weights
from caig_cli.mllm.images import ImageRules
from caig_cli.rewards import encoders
from caig_cli.rewards.architectures import ARCHITECTURES, Implementation, Settings
from caig_cli.rewards.concepts import ConceptBottleneck, open_concepts
from caig_cli.rewards.config import RewardSection
from caig_cli.rewards.facts import open_facts
from caig_cli.rewards.folders import locate
from caig_cli.rewards.mllm import MllmReward
from caig_cli.rewards.rankers import Cg4ctr, Vam
from caig_cli.rewards.training import list_step, pair_step

HEADS, CONCEPTS, WEIGHTS = "heads.safetensors", "concepts.safetensors", "weights.safetensors"
FORMER = "names.safetensors"
"""What CONCEPTS was called; weights began with ``names.`` that begin with ``concepts.``"""

R = TypeVar("R", Vam, Cg4ctr, MllmReward)


def _concept_settings(model: Vam | Cg4ctr | MllmReward) -> Settings:
    """The part of the settings that tells what a model names in ads."""
    return {} if model.concepts is None else {"concepts": model.concepts.settings}


def _with_concepts(model: R, settings: Settings) -> R:
    """As the settings tell."""
    if "concepts" in settings:
        model.use_concepts(open_concepts(model.feature_width, settings["concepts"]))
    return model


# --- mllm ------------------------------------------------------------------------------------------


def _start_mllm(section: RewardSection, _texts: Sequence[str], runtime: Runtime) -> MllmReward:
    part = section.mllm
    dtype = torch.float32 if part.lora is None else runtime.dtype
    mllm = loading.load(part.base, device=runtime.device, dtype=dtype, quantised=runtime.quantise)
    if mllm.model is not mllm.core:
        raise UsageError(f"model.mllm.base {part.base}: is an adapter; name a whole model")
    if part.lora is None:
        _train_all(mllm, train_tower=part.train_tower)
    else:
        more = f"({mllm.family.lora_targets})|({mllm.family.tower_targets})" if part.train_tower else None
        lora = part.lora
        mllm = loading.add_lora(
            mllm, part.base, rank=lora.rank, alpha=lora.alpha, dropout=lora.dropout, targets=more
        )
    return MllmReward(mllm, part.layout).to(runtime.device)


def _train_all(mllm: loading.Mllm, *, train_tower: bool) -> None:
    loading.check_trainable(mllm, "model.mllm.lora")
    mllm.model.requires_grad_(True)
    mllm.tower.requires_grad_(train_tower)
    if not mllm.config.tie_word_embeddings:
        mllm.core.lm_head.requires_grad_(False)  # nobody asks it for words


def _write_mllm(model: MllmReward, folder: Path, dtype: torch.dtype) -> None:
    mllm = model.mllm
    if mllm.model is mllm.core:
        mllm.save(folder, dtype)
    else:
        mllm.save_adapter(folder)
        adapter = folder / "adapter_model.safetensors"
        weights = {name: t.to(dtype).contiguous() for name, t in load_file(adapter).items()}
        check_tensors(weights.items(), f"weights in {dtype}")
        save_file(weights, adapter)
    for part, name in ((model.heads, HEADS), (model.concept_head, CONCEPTS)):
        if part is not None:
            save_file({n: t.detach().cpu().contiguous() for n, t in part.state_dict().items()}, folder / name)


def read_heads(model: MllmReward, folder: Path, settings: Settings) -> None:
    """Give a language model the heads that are written in a folder."""
    fill(model.heads, read_weights(folder / HEADS), folder / HEADS)
    _with_concepts(model, settings)
    if model.concept_head is not None:
        fill(model.concept_head, _concept_weights(folder), folder / CONCEPTS)


def read_concepts(folder: Path, settings: Settings, width: int) -> ConceptBottleneck | None:
    """The concepts that a stored language model reads off features of ``width``, if it judges by any."""
    if "concepts" not in settings:
        return None
    concepts, own = open_concepts(width, settings["concepts"]), "concepts."
    weights = _concept_weights(folder).items()
    concepts.load_state_dict({key.removeprefix(own): t for key, t in weights if key.startswith(own)})
    return concepts


def _concept_weights(folder: Path) -> dict[str, torch.Tensor]:
    former = folder / FORMER
    return _renamed(read_weights(former if former.is_file() else folder / CONCEPTS))


def _renamed(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {re.sub(r"^names\.", "concepts.", name): tensor for name, tensor in weights.items()}


def _read_mllm(folder: Path, settings: Settings, runtime: Runtime) -> MllmReward:
    name = str(folder)
    mllm = loading.load_to_judge(name, device=runtime.device, dtype=runtime.dtype, quantised=runtime.quantise)
    model = MllmReward(mllm, settings["layout"])
    read_heads(model, folder, settings)
    return model.to(runtime.device)


def _go_on_mllm(folder: Path, settings: Settings, section: RewardSection, runtime: Runtime) -> MllmReward:
    part = section.mllm
    dtype = torch.float32 if part.lora is None else runtime.dtype
    mllm = loading.load(str(folder), device=runtime.device, dtype=dtype, quantised=runtime.quantise)
    if mllm.model is mllm.core:
        _train_all(mllm, train_tower=part.train_tower)
    else:
        for name, weight in mllm.model.named_parameters():
            weight.requires_grad_("lora_" in name)
    model = MllmReward(mllm, settings["layout"])
    read_heads(model, folder, settings)
    return model.to(runtime.device)


# --- rankers ---------------------------------------------------------------------------------------


def _start_vam(section: RewardSection, _texts: Sequence[str], runtime: Runtime) -> Vam:
    if section.vam.concepts_from is not None:
        return _encoder_of(section.vam.concepts_from, runtime)
    return Vam(encoders.new_vision(section.vam.vision)).to(runtime.device)


def _start_cg4ctr(section: RewardSection, texts: Sequence[str], runtime: Runtime) -> Cg4ctr:
    part = section.cg4ctr
    vision, text = encoders.new_vision(part.vision), encoders.new_text(part.text, texts)
    return Cg4ctr(vision, text, part.width).to(runtime.device)


def _encoder_of(source: str, runtime: Runtime) -> Vam:
    """A new ranker with another's encoder and concepts, which stay, without what that learnt of clicks."""
    folder = locate(source)
    facts = open_facts(folder)
    if facts.arch != "vam" or "concepts" not in facts.settings:
        raise UsageError(
            f"model.vam.concepts_from {source}: is no judge of architecture vam that judges by concepts"
        )
    model = _read_vam(folder, facts.settings, runtime)
    model.forget_clicks()
    model.freeze_encoder()
    return model.to(runtime.device)


def _going_on(read: Callable[[Path, Settings, Runtime], Any]) -> Callable[..., Any]:
    """Read a ranker that learns again; an encoder that concepts are read with stays as it is."""

    def go_on(folder: Path, settings: Settings, section: RewardSection, runtime: Runtime) -> Any:
        model = read(folder, settings, runtime)
        if ARCHITECTURES[section.arch].frozen(section) or model.concepts is not None:
            model.freeze_encoder()
        return model

    return go_on


def _write_ranker(model: Vam | Cg4ctr, folder: Path, dtype: torch.dtype) -> None:
    """Parameters in ``dtype``; buffers as they are, for running means want their digits."""
    model.vision.model.config.save_pretrained(folder / "vision")
    if isinstance(model, Cg4ctr):
        encoders.write_text(model.text, folder / "text")
    small = {name for name, p in model.named_parameters() if p.is_floating_point()}
    state = model.state_dict().items()
    weights = {n: t.detach().cpu().to(dtype if n in small else t.dtype).contiguous() for n, t in state}
    check_tensors(weights.items(), f"weights in {dtype}")
    save_file(weights, folder / WEIGHTS)


def _read_vam(folder: Path, settings: Settings, runtime: Runtime) -> Vam:
    rules = ImageRules.from_config(settings["rules"])
    model = _with_concepts(Vam(encoders.read_vision(folder / "vision", rules)), settings)
    return _weighed(model, folder, runtime)


def _read_cg4ctr(folder: Path, settings: Settings, runtime: Runtime) -> Cg4ctr:
    vision = encoders.read_vision(folder / "vision", ImageRules.from_config(settings["rules"]))
    text = encoders.read_text(folder / "text", int(settings["max_tokens"]))
    model = _with_concepts(Cg4ctr(vision, text, int(settings["width"])), settings)
    return _weighed(model, folder, runtime)


M = TypeVar("M", bound=nn.Module)


def _weighed(model: M, folder: Path, runtime: Runtime) -> M:
    fill(model, _renamed(read_weights(folder / WEIGHTS)), folder / WEIGHTS)
    return model.to(runtime.device)


MLLM = Implementation(
    start=_start_mllm,
    step=pair_step,
    settings=lambda model: {"layout": model.layout} | _concept_settings(model),
    write=_write_mllm,
    read=_read_mllm,
    go_on=_go_on_mllm,
)
VAM = Implementation(
    start=_start_vam,
    step=list_step,
    settings=lambda model: {"rules": model.rules.to_config()} | _concept_settings(model),
    write=_write_ranker,
    read=_read_vam,
    go_on=_going_on(_read_vam),
)
CG4CTR = Implementation(
    start=_start_cg4ctr,
    step=pair_step,
    settings=lambda model: (
        {
            "rules": model.rules.to_config(),
            "max_tokens": model.text.max_tokens,
            "width": model.meet[0].out_features,
        }
        | _concept_settings(model)
    ),
    write=_write_ranker,
    read=_read_cg4ctr,
    go_on=_going_on(_read_cg4ctr),
)
