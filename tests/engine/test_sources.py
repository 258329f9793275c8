"""Where models come from: names, the cache, a hub that answers and one that fails in every way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from huggingface_hub import constants
from PIL import Image
from safetensors.numpy import save_file
from tiny_diffusion import make_sd
from tiny_hub import COMMIT, TinyHub, serve
from tiny_mllm import make_tiny

from caig_cli import cli
from caig_cli.engine import hub as hubs
from caig_cli.engine import model_folder, sources
from caig_cli.engine.hub import choose
from caig_cli.engine.hub_name import HubName
from caig_cli.engine.model_folder import lacking
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.sources import locate
from caig_cli.errors import CaigError, RecipeError, RunError, UsageError
from caig_cli.mllm import loading
from caig_cli.pcpo.config import PcpoRecipe
from caig_cli.recipe import resolve


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    make_tiny().save(folder, torch.float32)
    return folder


@pytest.fixture
def hub(workdir: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyHub]:
    """A hub with ``shop/tiny``, an empty cache, and a network."""
    with serve() as served:
        served.repos["shop/tiny"] = tiny_folder
        monkeypatch.setattr(constants, "ENDPOINT", served.url)
        template = served.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(workdir / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.5)
        yield served


def draw_mug(path: Path) -> None:
    image = Image.new("RGBA", (64, 64))
    image.paste((200, 30, 30, 255), (16, 16, 48, 56))
    image.save(path)


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


# --- names -----------------------------------------------------------------------------------------


def test_names(workdir: Path) -> None:
    assert HubName.parse("org/name") == HubName("org/name")
    assert HubName.parse("org/name@v1.0") == HubName("org/name", "v1.0")
    assert HubName.parse("org/name/a-lora.safetensors@main") == HubName(
        "org/name", "main", "a-lora.safetensors"
    )
    assert str(HubName.parse("org/name/a/b.safetensors@x")) == "org/name/a/b.safetensors@x"
    for folder in ("embedded", "./org/name", "/org/name", "~/org/name", "runs/x/model", "a b/c"):
        assert HubName.parse(folder) is None
    (workdir / "org/name").mkdir(parents=True)
    assert HubName.parse("org/name") is None, "a folder that is there comes first"


def test_a_name_in_a_recipe_is_checked_where_it_stands(workdir: Path) -> None:
    with pytest.raises(RecipeError, match=r"--set policy.base=org/name@: policy.base: .*revision after @"):
        resolve(PcpoRecipe, sets=["policy.base=org/name@"])


def test_adapters_name_models_whatever_the_current_folder(workdir: Path) -> None:
    (workdir / "mine").mkdir()
    (workdir / "embedded").mkdir()
    assert sources.split_revision("mine") == (str(workdir / "mine"), None)
    assert sources.split_revision("embedded") == ("embedded", None)
    assert sources.split_revision("org/name@v1") == ("org/name", "v1")
    assert sources.join_revision("org/name", "v1") == "org/name@v1"
    assert sources.join_revision(str(workdir / "mine"), "v1") == str(workdir / "mine")


# --- what is fetched -------------------------------------------------------------------------------

# fmt: off
REPOSITORIES: Mapping[str, tuple[str, str]] = {
    "a model": (
        "config.json generation_config.json tokenizer.json tokenizer_config.json chat_template.jinja "
        "preprocessor_config.json model.safetensors.index.json model-00001-of-00002.safetensors "
        "model-00002-of-00002.safetensors",
        "README.md pytorch_model.bin pytorch_model-00001-of-00002.bin consolidated.safetensors "
        "flax_model.msgpack onnx/model.onnx onnx/config.json original/params.json model.fp16.safetensors",
    ),
    "a pipeline": (
        "model_index.json scheduler/scheduler_config.json tokenizer/vocab.json tokenizer/merges.txt "
        "unet/config.json unet/diffusion_pytorch_model.fp16.safetensors "
        "text_encoder/config.json text_encoder/model.fp16.safetensors "
        "vae/config.json vae/diffusion_pytorch_model.fp16.safetensors",
        "v1-5-pruned.safetensors v1-5-pruned.ckpt unet/diffusion_pytorch_model.safetensors "
        "unet/diffusion_pytorch_model.bin unet/diffusion_pytorch_model.non_ema.safetensors "
        "text_encoder/model.safetensors vae/diffusion_pytorch_model.safetensors "
        "safety_checker/model.safetensors safety_checker/config.json picture.png vae_decoder/config.json "
        "vae_decoder/model.onnx vae_1_0/config.json vae_1_0/diffusion_pytorch_model.safetensors",
    ),
    "a pipeline with a part in half precision": (
        "model_index.json unet/config.json unet/diffusion_pytorch_model.safetensors vae/config.json "
        "vae/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
    ),
    "a pipeline in shards": (
        "model_index.json transformer/config.json transformer/diffusion_pytorch_model.safetensors.index.json "
        "transformer/diffusion_pytorch_model-00001-of-00002.safetensors "
        "transformer/diffusion_pytorch_model-00002-of-00002.safetensors",
        "flux1-fill-dev.safetensors ae.safetensors",
    ),
    "a ControlNet": (
        "config.json diffusion_pytorch_model.fp16.safetensors",
        "diffusion_pytorch_model.safetensors diffusion_pytorch_model.bin images/a.png",
    ),
    "a reward model": (
        "reward.json adapter_config.json adapter_model.safetensors heads.safetensors", "README.md",
    ),
}
# fmt: on


@pytest.mark.parametrize("kind", REPOSITORIES)
def test_needed_files_and_no_others(kind: str) -> None:
    needed, others = (text.split() for text in REPOSITORIES[kind])
    parts = sorted({file.split("/")[0] for file in needed if "/" in file})
    small, weights = choose(needed + others, parts if "model_index.json" in needed else None)
    assert sorted(small + weights) == sorted(needed)
    assert all(file.endswith(".safetensors") for file in weights)


def test_fetched_once_then_from_the_cache(hub: TinyHub, monkeypatch: pytest.MonkeyPatch) -> None:
    report = SilentReporter()
    folder = locate("shop/tiny", report)
    assert (folder / "model.safetensors").is_file() and folder.name == COMMIT
    assert hub.files_asked()[-1] == "model.safetensors", "weights come last"
    assert any(line.startswith("download shop/tiny, MB") for line in report.lines)
    asked = len(hub.asked)
    assert locate("shop/tiny") == locate(f"shop/tiny@{COMMIT}") == folder
    assert len(hub.asked) == asked, "no network while the cache has it"
    go_offline(monkeypatch)
    assert locate("shop/tiny") == folder
    assert sources.describe("shop/tiny") == f"shop/tiny (in the cache at {COMMIT[:12]})"


def test_env_lists_what_is_in_the_cache(hub: TinyHub) -> None:
    assert hubs.models() == []
    weights = locate("shop/tiny") / "model.safetensors"
    (row,) = hubs.models()
    assert (row["name"], row["kind"], row["usable"]) == ("shop/tiny", "llava", True)
    assert row["commit"] == COMMIT and 0 <= row["size_gb"] < 1
    weights.unlink()
    assert hubs.models()[0]["lacks"] == "safetensors weights"


def test_one_file_of_a_repository(hub: TinyHub, workdir: Path) -> None:
    (workdir / "loras").mkdir()
    for name in ("fast", "slow"):
        save_file({"w": np.zeros(3, np.float32)}, workdir / f"loras/{name}.safetensors")
    hub.repos["shop/loras"] = workdir / "loras"
    with pytest.raises(
        UsageError, match=r"holds 2 weight files; name one, as in shop/loras/fast\.safetensors"
    ):
        locate("shop/loras")
    path = locate("shop/loras/fast.safetensors")
    assert path.name == "fast.safetensors" and model_folder.kind_of(path.parent) == "weights"
    assert locate("shop/loras/fast.safetensors@main") == path
    with pytest.raises(UsageError, match=r"no such file; it has fast\.safetensors, slow\.safetensors"):
        locate("shop/loras/quick.safetensors")


def test_a_painter_s_models_are_fetched_part_by_part(hub: TinyHub, workdir: Path, tiny_folder: Path) -> None:
    """As released: its index names parts that are not there, and there are parts that it does not name."""
    from caig_cli.painters.diffusion.config import DiffusionSection
    from caig_cli.painters.diffusion.loading import needs

    for name in ("model", "controlnet"):
        hub.repos[f"art/{name}"] = make_sd(workdir / "sd") / name
    clutter = ("whole.safetensors", "safety_checker/model.safetensors", "vae_decoder/config.json")
    for file in clutter:
        (workdir / "sd/model" / file).parent.mkdir(exist_ok=True)
        (workdir / "sd/model" / file).write_bytes(b"{}")
    section = DiffusionSection(model="art/model", controlnet="art/controlnet")
    found = sources.fetch_all(needs(section), SilentReporter())
    assert found == {f"art/{name}": f"art/{name}@{COMMIT}" for name in ("model", "controlnet")}
    assert not set(clutter) & set(hub.files_asked())
    folder = sources.cached("art/model")
    assert folder is not None and (folder / "unet/diffusion_pytorch_model.safetensors").is_file()
    hub.repos["art/model"] = tiny_folder
    hub.commits["art/model"] = "f" * 40
    with pytest.raises(UsageError, match=r"no model in the layout of diffusers"):
        sources.fetch_all(
            needs(section.model_copy(update={"model": "art/model@" + "f" * 40})), SilentReporter()
        )


def test_a_cut_download_is_taken_up_again(hub: TinyHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        real = hubs.byte_counter
        patch.setattr(hubs, "byte_counter", lambda bar: broken() if bar else real(bar))
        with pytest.raises(RunError, match="the disk of the cache is full"):
            locate("shop/tiny", SilentReporter())
    assert sources.cached("shop/tiny") is None
    assert sources.describe("shop/tiny") == "shop/tiny (not in the cache: a run downloads it)"
    assert lacking(locate("shop/tiny")) is None


def test_an_adapter_brings_its_base_at_its_revision(hub: TinyHub, workdir: Path) -> None:
    adapter = workdir / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": "shop/tiny", "revision": COMMIT})
    )
    save_file({"w": np.zeros(3, np.float32)}, adapter / "adapter_model.safetensors")
    found = sources.fetch_all({str(adapter): None}, SilentReporter())
    assert found == {f"shop/tiny@{COMMIT}": f"shop/tiny@{COMMIT}"}
    assert sources.cached("shop/tiny") is None and sources.cached(f"shop/tiny@{COMMIT}") is not None


def test_an_adapter_finds_its_base_again(
    hub: TinyHub, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import PeftConfig

    cpu = {"device": torch.device("cpu"), "dtype": torch.float32}
    base = f"shop/tiny@{COMMIT}"
    mllm = loading.add_lora(loading.load(base, **cpu), base, rank=2, alpha=4, dropout=0)
    for name, weight in mllm.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    mllm.save(workdir / "adapter", torch.float32)
    written = PeftConfig.from_pretrained(str(workdir / "adapter"))
    assert (written.base_model_name_or_path, written.revision) == ("shop/tiny", COMMIT)
    go_offline(monkeypatch)
    again = loading.load(str(workdir / "adapter"), **cpu)
    assert loading.base_name(again) == base
    ids = torch.tensor([[1, 5, 9]])
    with torch.no_grad():
        assert torch.equal(again.model(input_ids=ids).logits, mllm.model.eval()(input_ids=ids).logits)


# --- what fails ------------------------------------------------------------------------------------

# fmt: off
FAULTS: Mapping[str, tuple[tuple[str, int, str], type[CaigError], str]] = {
    "gated": (("files", 403, "GatedRepo"), UsageError, "is gated; accept its terms at .*/shop/x, then log"),
    "gated, not logged in": (("files", 401, "GatedRepo"), UsageError, "is gated; accept its terms at "),
    "private": (("info", 404, "RepoNotFound"), UsageError, "no such folder, and no such model at .*log in"),
    "401": (("info", 401, ""), UsageError, "no such folder, and no such model at|wants to know who asks"),
    "403": (("info", 403, ""), UsageError, "refuses it \\(403\\); see at http.*/shop/x"),
    "429": (("info", 429, ""), RunError, "asks to slow down \\(429\\)"),
    "500": (("info", 500, ""), RunError, "fails \\(500\\); try again later"),
    "garbage": (("info", 200, ""), RunError, "answers what no model hub would"),
    "slow": (("slow", 2, ""), RunError, "not in the cache, and http.* can't be reached"),
    "a page for a file": (("model.safetensors", 0, ""), RunError, "damaged|consistency|answers what"),
}
# fmt: on


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_one_line(hub: TinyHub, tiny_folder: Path, fault: str) -> None:
    hub.faults["shop/x"], kind, text = FAULTS[fault]
    hub.repos["shop/x"] = tiny_folder
    with pytest.raises(kind, match=f"^shop/x: .*({text})") as caught:
        locate("shop/x")
    assert "\n" not in str(caught.value)
    assert sources.cached("shop/x") is None
    del hub.faults["shop/x"]
    assert lacking(locate("shop/x")) is None, "and the next try works"


def test_other_faults(
    hub: TinyHub, workdir: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"^shop/typo: no such folder, and no such model at"):
        locate("shop/typo")
    with pytest.raises(UsageError, match=r"^shop/tiny@v9: has no such revision"):
        locate("shop/tiny@v9")
    with pytest.raises(
        UsageError, match=r"^runs/x/model: no such folder; a model on the hub is named org/name"
    ):
        locate("runs/x/model")
    with pytest.raises(UsageError, match=r"can't be the name of a model on the hub"):
        locate("shop/a..b")
    pickled = workdir / "pickled"
    shutil.copytree(tiny_folder, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    hub.repos["shop/pickled"] = pickled
    with pytest.raises(UsageError, match=r"has no safetensors, only pickles.*caig import"):
        locate("shop/pickled")
    hub.repos["shop/data"] = workdir / "data"
    (workdir / "data").mkdir()
    (workdir / "data/train.json").write_text("[]")
    with pytest.raises(UsageError, match=r"^shop/data: holds no model"):
        locate("shop/data")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
        with pytest.raises(RunError, match=r"needs 0\.0 GB and 0\.0 GB are free"):
            locate("shop/tiny")
    hub.url, dead = "", "http://127.0.0.1:9"
    monkeypatch.setattr(constants, "ENDPOINT", dead)
    with pytest.raises(RunError, match=f"^shop/tiny: not in the cache, and {dead} can't be reached"):
        locate("shop/tiny")
    go_offline(monkeypatch)
    with pytest.raises(UsageError, match=r"not in the cache, and HF_HUB_OFFLINE is set"):
        locate("shop/tiny")


def test_unknown_families_are_refused_before_their_weights_come(
    hub: TinyHub, workdir: Path, tiny_folder: Path
) -> None:
    shutil.copytree(tiny_folder, workdir / "odd")
    config = json.loads((workdir / "odd/config.json").read_text())
    del config["caig_family"]
    (workdir / "odd/config.json").write_text(json.dumps(config | {"model_type": "mamba"}))
    hub.repos["shop/odd"] = workdir / "odd"
    draw_mug(workdir / "mug.png")
    with pytest.raises(UsageError, match="models of type 'mamba' are not supported"):
        sources.fetch_all(_models_of("shop/odd"), SilentReporter())
    assert "model.safetensors" not in hub.files_asked()


def _models_of(writer: str) -> dict[str, model_folder.Check | None]:
    from caig_cli.stages.generate import GenerateRecipe, models

    flags = {"generate.product": "mug.png", "writer.model": writer, "judge.model": None}
    return models(resolve(GenerateRecipe, flags=flags))


# --- the command line ------------------------------------------------------------------------------


def test_download_generate_and_again_offline(
    hub: TinyHub, workdir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    draw_mug(workdir / "mug.png")
    ask = ["generate", "--product", "mug.png", "-n", "1", "--size", "64x64", "--set", "generate.painter=fake"]
    ask += ["--set", "judge.model=null", "--set", "writer.max_new_tokens=8"]
    here = [*ask, "--set", "writer.model=shop/tiny"]
    assert cli.run([*here, "--dry-run"]) == 0
    assert "shop/tiny (not in the cache: a run downloads it)" in capfd.readouterr().out
    assert not hub.asked, "a dry run asks nobody"
    assert cli.run([*here, "--out", "first"]) == 0
    pinned = f"shop/tiny@{COMMIT}"
    assert yaml.safe_load((workdir / "first/recipe.yaml").read_text())["writer"]["model"] == pinned
    assert json.loads((workdir / "first/env.json").read_text())["models"] == {"shop/tiny": pinned}
    asked = len(hub.asked)
    go_offline(monkeypatch)
    assert cli.run([*here, "--out", "second"]) == 0
    assert cli.run(["generate", "--recipe", "first/recipe.yaml", "--out", "third"]) == 0
    assert len(hub.asked) == asked
    assert len({path.read_bytes() for path in workdir.glob("*/ads/mug-1-*.png")}) == 1
    capfd.readouterr()
    assert cli.run([*ask, "--set", "writer.model=shop/typo", "--out", "fourth"]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith(
        "caig: shop/typo: not in the cache, and HF_HUB_OFFLINE is set;"
    )
    assert not (workdir / "fourth").exists()


def test_every_model_of_a_recipe_is_fetched_or_ships() -> None:
    """Commands that have a value of this kind say which of them a run opens."""
    from caig_cli.commands import COMMANDS, recipe_class, stage_of

    for command in COMMANDS:
        keys = sources.model_keys(recipe_class(command))
        assert bool(keys) <= hasattr(stage_of(command), "models"), command
    assert sources.model_keys(PcpoRecipe) == [
        "pcpo.cutout",
        "policy.base",
        "diffusion.model",
        "diffusion.controlnet",
        "diffusion.lora",
        "judge.model",
        "judge.heldout",
        "eval.relevance",
    ]
