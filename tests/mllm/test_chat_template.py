"""The form of a conversation is what the checkpoint's own chat template writes, to the token."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tiny_families import FAMILIES, TEMPLATES, make_checkpoint

from caig_cli.engine import auto
from caig_cli.errors import UsageError
from caig_cli.mllm import loading
from caig_cli.mllm.chat_template import read_template
from caig_cli.mllm.encoder import Encoder
from caig_cli.mllm.families import family_of
from caig_cli.mllm.loading import Mllm
from caig_cli.records import Turn

REAL = Path(__file__).parents[3] / "shared" / "real-configs"
QUESTIONS = ("Write a background prompt for this product.\nTitle: red mug", "x", "Where? 'Mug' {a} – 1.5 m")

SECTIONS = (  # one part at a time, the picture's line break by itself, roles checked
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ '<<SYS>>\\n' + message['content'][0]['text'] + "
    "'\\n<</SYS>>\\n\\n' }}"
    "{% elif message['role'] == 'user' %}{{ '[INST] ' }}"
    "{% for part in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\\n' }}{% "
    "endfor %}"
    "{% for part in message['content'] | selectattr('type', 'equalto', 'text') %}{{ part['text'] }}{% "
    "endfor %}"
    "{{ ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' }}"
    "{% for part in message['content'] %}{% generation %}{{ part['text'] }}{% endgeneration %}{% endfor %}"
    "{{ eos_token }}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% "
    "endif %}"
    "{% endfor %}"
)
ALTERNATES = (  # roles must alternate, texts are trimmed, a system default, tools on demand
    "{%- if tools is defined and tools is not none %}{{- 'TOOLS ' + tools | tojson }}{%- endif %}"
    "{%- if messages[0]['role'] != 'system' %}{{- 'SYSTEM: be brief\\n' }}{%- endif %}"
    "{%- for message in messages %}"
    "{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{- raise_exception('Conversation roles must alternate') }}{%- endif %}"
    "{{- '<|im_start|>' + ('model' if message['role'] == 'assistant' else message['role']) + '\\n' }}"
    "{%- if message['content'] is string %}{{- message['content'] | trim }}"
    "{%- else %}{%- for item in message['content'] %}"
    "{%- if item['type'] == 'image' %}{{- '<image>' }}"
    "{%- elif item['type'] == 'text' %}{{- item['text'] | trim }}{%- endif %}{%- endfor %}{%- endif %}"
    "{{- '</s>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>model\\n' }}{%- endif %}"
)
STRINGS = (  # knows texts only; the picture is the user's to write
    "{% for message in messages %}{{ message['role'].upper() + ': ' + message['content'] + eos_token }}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
TEMPLATES_OF_LLAVA = {"sections": SECTIONS, "alternates": ALTERNATES, "strings": STRINGS}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make_checkpoint(tmp_path_factory.mktemp(name), name) for name in FAMILIES}


def load(folder: Path) -> Mllm:
    return loading.load(str(folder), device=torch.device("cpu"), dtype=torch.float32)


def asked(question: str, *, image: bool = True, strings: bool = False) -> list[dict[str, Any]]:
    if strings:
        return [{"role": "user", "content": ("<image>\n" if image else "") + question}]
    parts = [{"type": "image"}] if image else []
    return [{"role": "user", "content": [*parts, {"type": "text", "text": question}]}]


WRITTEN = {"<start_of_image>": "\n\n{}\n\n", "<image>": "{}"}
"""What processors make of a template's picture where that is not the image token."""


def rendered(tokenizer: Any, talk: list[dict[str, Any]], image: int, picture: tuple[int, ...]) -> list[int]:
    """Token ids as transformers' processors make them: one text, one picture token become many."""
    text = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    for mark, around in WRITTEN.items():
        text = text.replace(mark, around.format(tokenizer.convert_ids_to_tokens(image)))
    bos = tokenizer.bos_token
    ids = tokenizer(text, add_special_tokens=bos is None or not text.startswith(bos))["input_ids"]
    if image not in ids:
        return list(ids)
    at = ids.index(image)
    outer = (picture[0] != image) and ids[at - 1] == picture[0]  # marks that the template writes itself
    return [*ids[: at - outer], *picture, *ids[at + 1 + outer :]]


def check(encoder: Encoder, *, strings: bool = False) -> None:
    for question in QUESTIONS:
        image = encoder.config.image_token_id
        told = rendered(encoder.tokenizer, asked(question, strings=strings), image, encoder.picture())
        assert list(encoder.asked(question).prefix) == told
        plain = rendered(encoder.tokenizer, asked(question, image=False, strings=strings), image, ())
        branch = encoder.branch((Turn("human", question), Turn("gpt", "a mug")), image=False)
        row = [*encoder.prefix(image=False), *branch.ids]
        assert row[: len(plain)] == plain
        assert branch.is_response[len(plain) - len(encoder.prefix(image=False)) :].count(False) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_questions_are_the_templates_own(folders: dict[str, Path], family: str) -> None:
    check(load(folders[family]).encoder)


@pytest.mark.parametrize("name", TEMPLATES_OF_LLAVA)
def test_any_template_of_a_family(folders: dict[str, Path], name: str, tmp_path: Path) -> None:
    """Two checkpoints of one ``model_type`` may speak in two forms."""
    folder = tmp_path / "llava"
    shutil.copytree(folders["llava"], folder)
    (folder / "chat_template.jinja").write_text(TEMPLATES_OF_LLAVA[name])
    encoder = load(folder).encoder
    check(encoder, strings=name == "strings")
    assert encoder.end == encoder.tokenizer.eos_token_id
    assert "chat between" not in encoder.form.start, "the authors' sentence is the authors' checkpoints'"


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "llava_onevision"])
def test_a_conversation_of_several_turns(folders: dict[str, Path], family: str) -> None:
    """All turns, to the token; where a template writes no end of an answer, ours is put before what follows.

    LLaVA-OneVision's own writes other white space before the answers of its past than where one begins.
    """
    encoder = load(folders[family]).encoder
    turns = [
        Turn("human", "Where?"),
        Turn("gpt", "a red mug"),
        Turn("human", "And?"),
        Turn("gpt", "on linen"),
    ]
    ids = [*encoder.prefix(image=True), *encoder.branch(turns, image=True).ids]
    talk = asked("Where?")
    talk += [{"role": "assistant", "content": [{"type": "text", "text": "a red mug"}]}]
    talk += asked("And?", image=False)
    words = rendered(encoder.tokenizer, talk, encoder.config.image_token_id, encoder.picture())
    whole = encoder.tokenizer.apply_chat_template(talk, tokenize=False)
    if family in ("llava", "llava_next"):  # like LLaVA's own, this template forgets </s>
        place = next(n for n, i in enumerate(ids) if i == encoder.end)
        ids = ids[:place] + ids[place + 1 :]
    else:
        assert encoder.form.end in whole.split("a red mug")[1][:24]
    assert ids[: len(words)] == words


def test_answers_begin_where_the_model_begins(folders: dict[str, Path]) -> None:
    for folder in folders.values():
        encoder = load(folder).encoder
        question = encoder.question("x", image=True)
        branch = encoder.branch((Turn("human", "x"), Turn("gpt", "a mug")), image=True)
        assert branch.ids[: len(question)] == question, "what is learnt goes on from what is asked"
        assert encoder.decode(branch.ids[len(question) : -1]) == "a mug"


TEXTS = "{% for m in messages %}{% for p in m['content'] %}{{ p['text'] }}{% endfor %}{% endfor %}"
BROKEN = {
    "{{ raise_exception('not today') }}": "not today",
    "{% for m in messages %}{{ m.content }}": "end of|endfor|Unexpected",
    "{% for m in messages %}{{ m['role'] }}{% endfor %}": "writes a question 0 times",
    TEXTS: "<image> 0 times",
}


@pytest.mark.parametrize("template", BROKEN)
def test_a_template_that_cant_be_used_is_refused_by_name(
    folders: dict[str, Path], template: str, tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(folders["llava"], folder)
    (folder / "chat_template.jinja").write_text(template)
    with pytest.raises(UsageError, match="broken: its chat template can't be used") as caught:
        load(folder)
    assert any(part in str(caught.value) for part in BROKEN[template].split("|"))


def test_no_template_is_no_guess(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "silent"
    shutil.copytree(folders["qwen3_vl"], folder)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(UsageError, match="silent: it has no chat template"):
        load(folder)
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": TEMPLATES["qwen3_vl"]}))
    assert load(folder).encoder.form.answering.endswith("assistant\n")
    named = [{"name": "tool_use", "template": "x"}, {"name": "default", "template": TEMPLATES["qwen3_vl"]}]
    (folder / "chat_template.json").unlink()
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "chat_template": named}))
    assert read_template(folder) == TEMPLATES["qwen3_vl"]
    path.write_text(json.dumps({**json.loads(path.read_text()), "chat_template": named[:1]}))
    with pytest.raises(UsageError, match="none called default"):
        read_template(folder)


def test_what_is_saved_carries_its_template(folders: dict[str, Path], tmp_path: Path) -> None:
    mllm = load(folders["smolvlm"])
    mllm.save(tmp_path, torch.float32)
    assert read_template(tmp_path) == TEMPLATES["smolvlm"]
    assert load(tmp_path).encoder.form == mllm.encoder.form


def unpack(name: str, folder: Path) -> None:
    """A published folder without weights."""
    for path in (REAL / name).iterdir():
        shutil.copyfile(path, folder / path.name)
    with gzip.open(folder / "tokenizer.json.gz") as packed:
        (folder / "tokenizer.json").write_bytes(packed.read())


@pytest.mark.skipif(not REAL.is_dir(), reason="real configurations are not here")
@pytest.mark.parametrize("name", sorted(path.name for path in REAL.glob("*") if path.is_dir()))
def test_real_tokenizers_and_templates(name: str, tmp_path: Path) -> None:
    unpack(name, tmp_path)
    config = auto.read_config(tmp_path)
    family = family_of(config)
    tokenizer = loading.read_tokenizer(tmp_path, family, config)
    encoder = Encoder(tokenizer, family, config, loading.rules_of(tmp_path, family, config).usual)
    check(encoder)
    title = " ".join(tokenizer.all_special_tokens)
    marks = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    told = [i for i in encoder.question(f"Title: {title}", image=True) if i in marks]
    assert told == [i for i in encoder.question("Title: mug", image=True) if i in marks]


def test_code_of_a_folder_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a class of its own named in config.json, transformers would ask at the terminal."""
    raised = tmp_path / "ran"
    (tmp_path / "own.py").write_text(f"open({str(raised)!r}, 'w')\n")
    own = {"AutoConfig": "own.Config", "AutoModel": "own.Model", "AutoTokenizer": ["own.Words", None]}
    config = {"model_type": "ownly", "architectures": ["Model"], "auto_map": own}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"auto_map": own}))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    for read in (auto.read_config, auto.read_tokenizer, auto.read_model):
        with pytest.raises(UsageError, match="Python code of its own, which caig never runs"):
            read(tmp_path)
    assert not raised.exists()
    with pytest.raises(UsageError):
        loading.load(str(tmp_path), device=torch.device("cpu"), dtype=torch.float32)


def test_every_auto_class_says_no_to_code() -> None:
    """Without the word, transformers asks at the terminal; with it, nothing of a folder is ever imported."""
    import ast

    root = Path(loading.__file__).parents[1]
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if "Auto" in called and called.endswith((".from_pretrained", ".from_config")):
                assert isinstance(node, ast.Call)
                told = {word.arg: ast.unparse(word.value) for word in node.keywords}
                assert told.get("trust_remote_code") == "False", f"{path}:{node.lineno}"


def test_greedy_words_are_those_of_transformers_own_loop(folders: dict[str, Path]) -> None:
    from PIL import Image
    from tiny_families import plain_inputs

    from caig_cli.mllm.images import flatten
    from caig_cli.mllm.prompt_model import PromptModel

    for family, folder in folders.items():
        mllm = load(folder)
        photo = Image.radial_gradient("L").convert("RGB").resize((60, 40))
        framed = flatten(mllm.rules.frame(photo), mllm.rules.fill)
        ids = torch.tensor([mllm.encoder.asked("x", framed.shape[:2]).prefix])  # type: ignore[arg-type]
        given = plain_inputs(family, folder, framed)
        for name in ("num_patches", "batch_num_images", "num_crops"):
            given.pop(name, None)
        if family == "gemma3":
            given["token_type_ids"] = (ids == mllm.config.image_token_id).int()
        if "image_grid_thw" in given:
            given["mm_token_type_ids"] = (ids == mllm.config.image_token_id).int()
        forbidden = PromptModel(mllm, "tiny")._forbidden()
        penalty = 1.0 if family == "llava" else 1.3  # Qwen's own files set one
        mllm.core.generation_config.repetition_penalty = penalty
        config = transformers.GenerationConfig(
            repetition_penalty=penalty,
            do_sample=False, max_new_tokens=12, suppress_tokens=forbidden, eos_token_id=mllm.encoder.end,
            pad_token_id=0,
        )  # fmt: skip
        theirs = mllm.core.generate(input_ids=ids, **given, generation_config=config)[0, ids.shape[1] :]
        mine = PromptModel(mllm, "tiny").write_prompts(
            photo, "x", seeds=[1], temperature=0, max_new_tokens=12
        )
        assert mine == [mllm.encoder.decode(theirs)] and mine[0]


def thin(name: str, folder: Path) -> Path:
    """A published configuration with its tokenizer and template, two narrow layers and random weights."""
    unpack(name, folder)
    settings = (folder / "generation_config.json").read_text()
    config = auto.read_config(folder)
    text, vision = config.get_text_config(), config.vision_config
    text.update({"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 96})
    text.update({"num_attention_heads": 4, "num_key_value_heads": 2, "layer_types": ["full_attention"] * 2})
    if config.model_type == "llava":
        vision.update({"num_hidden_layers": 2, "hidden_size": 32, "intermediate_size": 48})
        vision.update({"num_attention_heads": 2})
    else:
        text.rope_parameters["mrope_section"] = [2, 3, 3]
        vision.update({"depth": 2, "hidden_size": 64, "intermediate_size": 64, "num_heads": 2})
        vision.update({"out_hidden_size": 64, "fullatt_block_indexes": [1]})
    torch.manual_seed(0)
    model = transformers.AutoModelForImageTextToText.from_config(config, trust_remote_code=False)
    with torch.no_grad():
        for part, weight in model.named_parameters():
            if weight.ndim > 1 and "norm" not in part:
                weight.normal_(std=0.15)
    model.float().save_pretrained(folder)
    (folder / "generation_config.json").write_text(settings)
    return folder


@pytest.mark.skipif(not REAL.is_dir(), reason="real configurations are not here")
@pytest.mark.parametrize("name", ["llava-1.5-7b", "qwen2.5-vl-7b"])
def test_greedy_words_with_published_settings(name: str, tmp_path: Path) -> None:
    """Nothing is set: Qwen's own penalty and both of its end tokens count as in transformers."""
    from PIL import Image

    from caig_cli.engine.runtime import choose_device
    from caig_cli.mllm.images import flatten
    from caig_cli.mllm.prompt_model import PromptModel

    model = PromptModel.load(str(thin(name, tmp_path)), choose_device("cpu", "fp32"))
    mllm, photo = model.mllm, Image.radial_gradient("L").convert("RGB").resize((90, 60))
    framed = flatten(mllm.rules.frame(photo), mllm.rules.fill)
    height, width = framed.shape[:2]
    ids = torch.tensor([mllm.encoder.asked("x", (height, width)).prefix])
    given: dict[str, Any] = {"pixel_values": mllm.rules.tensor([framed])}
    if name.startswith("qwen"):
        given["image_grid_thw"] = torch.tensor([[1, height // 14, width // 14]])
        given["mm_token_type_ids"] = (ids == mllm.config.image_token_id).int()
    generated = mllm.core.generate(input_ids=ids, **given, do_sample=False, max_new_tokens=12)
    mine = model.write_prompts(photo, "x", seeds=[0], temperature=0, max_new_tokens=12)
    assert mine == [mllm.encoder.decode(generated[0, ids.shape[1] :])]
    if name.startswith("qwen"):
        assert mllm.core.generation_config.repetition_penalty == 1.05
        plain = model.write_prompts(
            photo, "x", seeds=[0], temperature=0, max_new_tokens=12, repetition_penalty=1.0
        )
        assert model._stops() == [151645, 151643] and plain[0]


def test_the_embedded_model_says_the_same_in_a_pipeline() -> None:
    """With nothing but transformers: the same pixels of an opaque photo, the same words."""
    from PIL import Image

    from caig_cli.engine.runtime import choose_device
    from caig_cli.mllm.prompt_model import PromptModel

    photo = Image.radial_gradient("L").convert("RGB").resize((200, 120))
    question = "Write a background prompt for this product.\nTitle: Ceramic Mug"
    pipe = transformers.pipeline(
        "image-text-to-text", model=str(loading.EMBEDDED_FOLDER), dtype=torch.float32
    )
    talk = asked(question)
    talk[0]["content"][0]["image"] = photo
    made = pipe(text=talk, return_full_text=False, generate_kwargs={"do_sample": False, "max_new_tokens": 96})
    model = PromptModel.load("embedded", choose_device("cpu", "fp32"))
    assert [made[0]["generated_text"]] == model.write_prompts(photo, question, seeds=[0], temperature=0)
