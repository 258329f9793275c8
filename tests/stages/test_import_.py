"""caig import: the original LLaVA layout in all its forms, and everything that can be wrong with it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tiny_pairs import write_pairs
from tiny_released import (
    CONFIG,
    LAYERS,
    PIECES,
    SIDE,
    TOWER,
    WIDTH,
    as_reward,
    make_weights,
    write_checkpoint,
    write_tokenizer,
    write_tower,
)
from transformers import AutoModelForImageTextToText, AutoProcessor

from caig_cli.cli import run
from caig_cli.data.pairs import read_pairs
from caig_cli.engine.runtime import choose_device
from caig_cli.records import Verdict
from caig_cli.released import weight_files
from caig_cli.released.sentencepiece import read_pieces
from caig_cli.rewards.judge import TrainedJudge

IMAGE = len(PIECES)
"""Id that the image token gets."""
NEW_NAMES = (
    (TOWER, "model.vision_tower."),
    ("model.mm_projector.0.", "model.multi_modal_projector.linear_1."),
    ("model.mm_projector.2.", "model.multi_modal_projector.linear_2."),
    ("model.image_newline", "model.image_newline"),
    ("model.", "model.language_model."),
    ("lm_head.", "lm_head."),
)


def ours(name: str) -> str:
    """What a tensor of the original is called in memory."""
    return next(new + name.removeprefix(old) for old, new in NEW_NAMES if name.startswith(old))


def opened(folder: Path, **options: Any) -> Any:
    model, info = AutoModelForImageTextToText.from_pretrained(folder, output_loading_info=True, **options)
    assert not any(info.values())
    return model


def failing(args: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a command that refuses."""
    assert run(["import", *args]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("caig: ")
    return lines[0]


# --- what comes out --------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", ["pad", "anyres"])
@pytest.mark.parametrize("layout", ["one file", "shards", "bin"])
def test_every_tensor_arrives(tmp_path: Path, layout: str, ratio: str) -> None:
    weights = make_weights()
    source = write_checkpoint(tmp_path / "old", weights, layout, image_aspect_ratio=ratio)
    assert run(["import", str(source), str(tmp_path / "new"), "--quiet"]) == 0
    model = opened(tmp_path / "new")
    state = model.state_dict()
    dropped = {"model.layers.0.self_attn.rotary_emb.inv_freq"}
    dropped |= {"model.image_newline"} if ratio == "pad" else set()
    assert len(state) == len(weights) - len(dropped)
    for name, weight in weights.items():
        if name in dropped:
            continue
        new = state[ours(name)]
        if name in ("model.embed_tokens.weight", "lm_head.weight"):
            torch.testing.assert_close(new[IMAGE], weight.mean(0))
            new = new[:IMAGE]
        assert torch.equal(new, weight), name
    told = json.loads((tmp_path / "new" / "import.json").read_text())
    assert told["dropped"].keys() == dropped
    assert told["mapped"].keys() == weights.keys() - dropped
    assert len(told["added"]) == 2


def test_a_user_of_transformers_can_talk_to_it(tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "old", make_weights(), image_aspect_ratio="anyres")
    assert run(["import", str(source), str(tmp_path / "new"), "--quiet"]) == 0
    model, processor = opened(tmp_path / "new"), AutoProcessor.from_pretrained(tmp_path / "new")
    talk = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "a cab?"}]}]
    text = processor.apply_chat_template(talk, add_generation_prompt=True)
    assert text.endswith("USER: <image>\na cab? ASSISTANT:")
    inputs = processor(images=Image.new("RGB", (60, 30), "red"), text=text, return_tensors="pt")
    assert inputs["input_ids"][0, 0] == 1, "a start token"
    assert inputs["pixel_values"].shape == (1, 3, 3, SIDE, SIDE), "the whole and two tiles beside each other"
    with torch.no_grad():
        model.lm_head.weight[IMAGE] = 100 * model.lm_head.weight.abs().max()
        words = model.generate(**inputs, max_new_tokens=4)[0, inputs["input_ids"].shape[1] :]
    assert IMAGE not in words.tolist(), "its row was never trained"


def test_grids_turn_from_width_and_height_to_height_and_width(tmp_path: Path) -> None:
    grids = [[SIDE, 2 * SIDE], [3 * SIDE, SIDE]]
    source = write_checkpoint(
        tmp_path / "old", make_weights(), image_aspect_ratio="anyres", image_grid_pinpoints=grids
    )
    assert run(["import", str(source), str(tmp_path / "new"), "--quiet"]) == 0
    turned = [[2 * SIDE, SIDE], [SIDE, 3 * SIDE]]
    for file in ("config.json", "preprocessor_config.json"):
        assert json.loads((tmp_path / "new" / file).read_text())["image_grid_pinpoints"] == turned


@pytest.mark.parametrize("ctr", [True, False])
def test_the_heads_of_a_reward_model(tmp_path: Path, ctr: bool) -> None:
    weights = as_reward(make_weights(), ctr=ctr)
    source = write_checkpoint(tmp_path / "old", weights, "bin", problem_type="single_label_classification")
    assert run(["import", str(source), str(tmp_path / "new"), "--quiet"]) == 0
    heads = load_file(tmp_path / "new" / "heads.safetensors")
    assert torch.equal(heads["preference.weight"], weights["score.weight"])
    expected = weights.get("sku_ctr_linear_fc.0.weight", torch.zeros(2, WIDTH))
    assert torch.equal(heads["ctr.weight"], expected)
    opened(tmp_path / "new")  # its words are tied: nothing is left to chance


@pytest.mark.parametrize("ratio", ["pad", "anyres"])
def test_a_reward_model_judges(tmp_path: Path, capsys: pytest.CaptureFixture[str], ratio: str) -> None:
    source = write_checkpoint(tmp_path / "old", as_reward(make_weights()), image_aspect_ratio=ratio)
    out = tmp_path / "new"
    assert run(["import", str(source), str(out), "--quiet"]) == 0
    pairs = write_pairs(tmp_path / "pairs", items=3, ads=2)
    judge = TrainedJudge.load(str(out), choose_device("cpu", "fp32"))
    verdicts = judge.judge(read_pairs(pairs)[0])
    assert all(isinstance(verdict, Verdict) and verdict.ctr is None for verdict in verdicts)
    assert judge.facts.wording.form == "official" and not judge.simulated
    if ratio == "pad":
        return
    capsys.readouterr()
    args = ["--testset", str(pairs), "--judge", str(out), "--device", "cpu"]
    assert run(["eval-rm", *args, "--out", str(tmp_path / "run"), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["judges"].values()
    assert 0 <= told["accuracy"] <= 1


def test_a_tower_that_was_not_trained_comes_from_its_own_folder(tmp_path: Path) -> None:
    weights = make_weights()
    kept = {name: weight for name, weight in weights.items() if not name.startswith(TOWER)}
    source = write_checkpoint(tmp_path / "old", kept, unfreeze_mm_vision_tower=False)
    named, given = write_tower(source / "tower", 7), write_tower(tmp_path / "other", 8)
    for out, options, tower in (("a", [], named), ("b", ["--vision-tower", str(tmp_path / "other")], given)):
        assert run(["import", str(source), str(tmp_path / out), "--quiet", *options]) == 0
        new = opened(tmp_path / out).model.vision_tower.state_dict()
        for name, weight in tower.state_dict().items():
            assert torch.equal(new[name.removeprefix("vision_model.")], weight)


def test_a_tower_inside_is_dropped_where_the_original_does_not_read_it(tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "old", make_weights(), unfreeze_mm_vision_tower=False)
    write_tower(source / "tower")
    assert run(["import", str(source), str(tmp_path / "new"), "--quiet"]) == 0
    dropped = json.loads((tmp_path / "new" / "import.json").read_text())["dropped"]
    assert sum(name.startswith(TOWER) for name in dropped) > 10 * LAYERS


def test_precision_shards_and_what_was_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weight_files, "SHARD", 40_000)
    weights = make_weights()
    source = write_checkpoint(tmp_path / "old", weights)
    new = tmp_path / "new"
    assert run(["import", str(source), str(new), "--dtype", "bf16", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == str(new) and told["dtype"] == "bfloat16" and told["family"] == "llava"
    index = json.loads((new / "model.safetensors.index.json").read_text())
    files = sorted(set(index["weight_map"].values()))
    assert len(files) > 3 and index["metadata"]["total_size"] == told["bytes"]
    assert all((new / file).stat().st_size < 80_000 for file in files)
    model = opened(new)
    assert model.dtype == torch.bfloat16
    norm = model.model.language_model.norm.weight
    assert torch.equal(norm, weights["model.norm.weight"].to(torch.bfloat16))


def test_a_dry_run_tells_and_touches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_checkpoint(tmp_path / "old", make_weights(), "bin")
    assert run(["import", str(source), str(tmp_path / "new"), "--dry-run", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)["plan"]
    assert plan[0].startswith("prompt model of family llava")
    arrow = "model.layers.*.mlp.up_proj.weight -> language_model.model.layers.*.mlp.up_proj.weight"
    assert f"mapped: {arrow} ({LAYERS} tensors)" in plan
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]


def test_one_file_is_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is never whole in memory: shards are read one after the other, each once."""
    source = write_checkpoint(tmp_path / "old", make_weights(), "bin")
    opens: list[str] = []
    original = weight_files.WeightFile.__init__

    def counted(self: weight_files.WeightFile, path: Path) -> None:
        opens.append(path.name)
        original(self, path)

    monkeypatch.setattr(weight_files.WeightFile, "__init__", counted)
    assert run(["import", str(source), str(tmp_path / "new"), "--quiet"]) == 0
    assert len(opens) == 4, "each once for its header, once for its tensors"


def test_only_an_imported_model_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_checkpoint(tmp_path / "old", make_weights(0))
    new = tmp_path / "new"
    args = [str(source), str(new)]
    assert run(["import", *args, "--quiet"]) == 0
    capsys.readouterr()
    assert "--overwrite" in failing(args, capsys)
    write_checkpoint(source, make_weights(1))
    assert run(["import", *args, "--overwrite", "--quiet"]) == 0
    capsys.readouterr()
    assert torch.equal(opened(new).model.language_model.norm.weight, make_weights(1)["model.norm.weight"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert "no imported model" in failing([str(source), str(tmp_path / "mine"), "--overwrite"], capsys)
    assert "itself" in failing([str(source), str(tmp_path), "--overwrite"], capsys)


# --- what goes wrong -------------------------------------------------------------------------------


class Bomb:
    """What a pickle may do to whoever opens it carelessly."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path("boom"),)


def change(**values: Any) -> Callable[[Path], None]:
    def spoil(source: Path) -> None:
        raw = json.loads((source / "config.json").read_text())
        (source / "config.json").write_text(json.dumps(raw | values))

    return spoil


def rewrite(edit: Callable[[dict[str, torch.Tensor]], Any]) -> Callable[[Path], None]:
    def spoil(source: Path) -> None:
        weights = make_weights()
        edit(weights)
        write_checkpoint(source, weights)

    return spoil


def shards(layout: str, spoil: Callable[[Path], None]) -> Callable[[Path], None]:
    def first_written(source: Path) -> None:
        (source / "model.safetensors").unlink()
        write_checkpoint(source, make_weights(), layout)
        spoil(source)

    return first_written


def cut(name: str) -> Callable[[Path], None]:
    def spoil(source: Path) -> None:
        data = (source / name).read_bytes()
        (source / name).write_bytes(data[: len(data) // 2])

    return spoil


def bomb(source: Path) -> None:
    torch.save({"model.norm.weight": Bomb()}, source / "pytorch_model-00002-of-00002.bin")


def old_bomb(source: Path) -> None:
    (source / "pytorch_model-00002-of-00002.bin").write_bytes(pickle.dumps({"model.norm.weight": Bomb()}))


def escape(source: Path) -> None:
    path = source / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": {"model.norm.weight": "../secret.safetensors"}}))


def forget(name: str) -> Callable[[Path], None]:
    return lambda source: (source / name).unlink()


MALFORMED: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing key": (
        rewrite(lambda w: w.pop("model.layers.1.mlp.up_proj.weight")),
        "lacks model.layers.1.mlp.up_proj.weight",
    ),
    "wrong shape": (
        rewrite(lambda w: w.update({"model.mm_projector.0.bias": torch.zeros(7)})),
        f"model.mm_projector.0.bias is [7] and should be [{WIDTH}]",
    ),
    "wrong vocabulary": (change(vocab_size=IMAGE + 64), "model.embed_tokens.weight is"),
    "unknown prefix": (
        rewrite(lambda w: w.update({"model.vision_resampler.query": torch.zeros(3)})),
        "model.vision_resampler.query: unknown",
    ),
    "integers": (
        rewrite(lambda w: w.update({"model.norm.weight": torch.ones(WIDTH, dtype=torch.int64)})),
        "model.norm.weight is of torch.int64",
    ),
    "quantised": (
        rewrite(lambda w: w.update({"model.norm.weight": torch.ones(WIDTH, dtype=torch.uint8)})),
        "model.norm.weight is of type U8",
    ),
    "pickle bomb": (shards("bin", bomb), "holds more than weights"),
    "old pickle": (shards("bin", old_bomb), "no PyTorch file"),
    "cut shard": (shards("shards", cut("model-00001-of-00002.safetensors")), "is damaged or cut off"),
    "cut pickle": (shards("bin", cut("pytorch_model-00002-of-00002.bin")), "00002.bin: is damaged"),
    "missing shard": (shards("shards", forget("model-00002-of-00002.safetensors")), "is missing; fetch"),
    "shard outside": (shards("shards", escape), "'../secret.safetensors' is not the name"),
    "cut index": (shards("shards", cut("model.safetensors.index.json")), "index.json: cannot be read"),
    "no weights": (forget("model.safetensors"), "no weights here (expected model.safetensors"),
    "no tokenizer": (forget("tokenizer.model"), "no tokenizer here"),
    "cut tokenizer": (cut("tokenizer.model"), "tokenizer.model: is"),
    "unigram tokenizer": (lambda source: write_tokenizer(source, kind=1), "no byte-pair SentencePiece model"),
    "more words than rows": (
        lambda source: write_tokenizer(source, (*PIECES, ("zz", -999.0, 1))),
        f"vocab_size is {IMAGE}, and the tokenizer has {IMAGE + 1} words",
    ),
    "no configuration": (forget("config.json"), "no checkpoint here"),
    "cut configuration": (cut("config.json"), "config.json: cannot be read"),
    "another model": (change(model_type="llava_qwen"), "model_type is 'llava_qwen'; known: llava_llama"),
    "another padding": (change(image_aspect_ratio="highres"), "is 'highres'; known: pad, anyres"),
    "another projector": (change(mm_projector_type="linear"), "is 'linear'; known: mlp2x_gelu"),
    "unknown tower": (change(mm_vision_tower="nobody/knows"), "give --vision-tower FOLDER"),
    "absent tower": (change(unfreeze_mm_vision_tower=False), "tower: no weights here"),
    "tower known by name": (change(mm_vision_tower="/data/clip-vit-large-patch14-336"), "should be [1024]"),
    "absent tower known by name": (
        change(mm_vision_tower="/data/clip-vit-large-patch14-336", unfreeze_mm_vision_tower=False),
        "clip-vit-large-patch14-336' is not in it; give --vision-tower FOLDER",
    ),
    "strange value": (change(rms_norm_eps="much"), "config.json: describes no model"),
    "strange heads": (change(num_attention_heads=0), "config.json: describes no model"),
    "class token": (change(mm_vision_select_feature="cls_patch"), "known: patch"),
    "no width": (change(hidden_size=None), "lacks hidden_size"),
    "bad grids": (change(image_aspect_ratio="anyres", image_grid_pinpoints="(1x1)"), "image_grid_pinpoints:"),
    "reward without head": (change(problem_type="single_label_classification"), "lacks score.weight"),
}  # fmt: skip


@pytest.mark.parametrize("fault", MALFORMED)
def test_malformed_checkpoints_are_refused(
    workdir: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    spoil, expected = MALFORMED[fault]
    source = write_checkpoint(workdir / "old", make_weights())
    spoil(source)
    line = failing([str(source), str(workdir / "new")], capsys)
    assert expected in line, line
    left = {path.name for path in workdir.iterdir()}
    assert left == {"old"}, "nothing was written, and no pickle ran"


def test_a_killed_import_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_checkpoint(tmp_path / "old", make_weights())

    def interrupted(*_args: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(weight_files.WeightFile, "read", interrupted)
    assert run(["import", str(source), str(tmp_path / "new")]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_both_folders_must_be_named(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "caig import CKPT OUT" in failing([], capsys)
    source = write_checkpoint(workdir / "old", make_weights())
    assert "caig import CKPT OUT" in failing([str(source)], capsys)
    assert "no such folder" in failing([str(workdir / "nowhere"), "new"], capsys)


# --- words -----------------------------------------------------------------------------------------


def test_pieces_and_merges_are_read(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, (*PIECES, ("<special>", 0.0, 4)))
    pieces = read_pieces(tmp_path / "tokenizer.model")
    assert list(pieces.vocabulary) == [piece for piece, _, _ in PIECES] + ["<special>"]
    assert pieces.whole == ["<special>"]
    two_ways = [("▁a", "b"), ("▁", "ab")]
    assert pieces.merges == [("a", "b"), ("c", "d"), ("▁", "a"), ("ab", "cd"), *two_ways]


def test_a_text_behind_an_image_has_a_space_of_its_own(tmp_path: Path) -> None:
    """The original tokenises pieces: whole texts must come to the same ids."""
    source = write_checkpoint(tmp_path / "old", make_weights())
    assert run(["import", str(source), str(tmp_path / "new"), "--quiet"]) == 0
    tokenizer = AutoProcessor.from_pretrained(tmp_path / "new").tokenizer
    whole = tokenizer("abcd<image>\ncab é")["input_ids"]
    apart = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("abcd", "\ncab é")]
    assert whole == [1, *apart[0], IMAGE, *apart[1]]
    assert tokenizer.convert_ids_to_tokens(apart[0]) == ["▁", "abcd"]
    assert tokenizer.decode(apart[1]) == "\ncab é"
    assert CONFIG["vocab_size"] + 1 == len(tokenizer)


def test_a_tokenizer_of_today_and_a_spare_row(tmp_path: Path) -> None:
    """tokenizer.json instead of a SentencePiece model, and fewer words than rows."""
    source = write_checkpoint(tmp_path / "old", make_weights())
    assert run(["import", str(source), str(tmp_path / "new"), "--quiet"]) == 0
    table = json.loads((tmp_path / "new" / "tokenizer.json").read_text())
    table["added_tokens"] = [token for token in table["added_tokens"] if token["content"] != "<image>"]
    del table["model"]["vocab"]["-"]
    (source / "tokenizer.json").write_text(json.dumps(table))
    (source / "tokenizer.model").unlink()
    assert run(["import", str(source), str(tmp_path / "next"), "--quiet"]) == 0
    config = json.loads((tmp_path / "next" / "config.json").read_text())
    assert config["image_token_index"] == IMAGE - 1 and config["text_config"]["vocab_size"] == IMAGE
    told = json.loads((tmp_path / "next" / "import.json").read_text())
    assert told["added"] == {"<image>": f"the spare row {IMAGE - 1}; never generated"}
    words = AutoProcessor.from_pretrained(tmp_path / "next").tokenizer
    assert words.convert_tokens_to_ids("<image>") == IMAGE - 1 and words("ab")["input_ids"][0] == 1
