"""The command line as a user meets it: streams, exit codes, one-line mistakes, played by a tiny stage."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from caig_cli import cli
from caig_cli.commands import COMMANDS, Command
from caig_cli.engine.files import read_lines
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.report import Reporter, SilentReporter, make_reporter
from caig_cli.engine.run_dir import RunDir, read_status
from caig_cli.errors import RunError, UsageError
from caig_cli.recipe import Recipe, Section
from caig_cli.records import Failure


class Pot(Section):
    """A section."""

    plant: Path | None = None
    """What to plant."""

    notes: dict[str, str] = {}
    """Notes on the plant."""

    n: int = 2
    """How many."""

    deep: bool = False
    """Plant it deep."""


class DemoRecipe(Recipe):
    """A recipe."""

    pot: Pot = Pot()
    """The pot."""


def demo_plan(recipe: DemoRecipe, report: Reporter) -> list[str]:
    if recipe.pot.plant is None:
        raise UsageError("nothing to plant; give --plant")
    return [f"would plant {recipe.pot.n}"]


def demo_run(recipe: DemoRecipe, run: RunDir, report: Reporter) -> Outcome:
    demo_plan(recipe, report)
    name = str(recipe.pot.plant)
    if name == "crash":
        raise ZeroDivisionError("a bug")
    if name == "sick":
        raise RunError("the plant\nis sick")
    if name == "break":
        raise KeyboardInterrupt
    with report.progress("planting", recipe.pot.n) as bar:
        for k in range(recipe.pot.n):
            run.append_jsonl("rows.jsonl", {"k": k})
            bar.advance(1, k=k)
    failed = (Failure("weed", "is a weed"),) if name == "weedy" else ()
    return Outcome({"planted": recipe.pot.n, "notes": recipe.pot.notes}, failed, (f"planted {recipe.pot.n}",))


@pytest.fixture(autouse=True)
def demo(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    stage: Any = ModuleType("caig_cli.stages.demo")
    stage.DemoRecipe, stage.plan, stage.run = DemoRecipe, demo_plan, demo_run
    monkeypatch.setitem(sys.modules, "caig_cli.stages.demo", stage)
    flags = {"--plant": "pot.plant", "--note": "pot.notes", "-n": "pot.n", "--deep": "pot.deep"}
    monkeypatch.setitem(COMMANDS, "demo", Command("Plant.", flags, out="OUT"))  # type: ignore[arg-type]
    yield


def run(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = cli.run(["demo", *args])
    out, err = capfd.readouterr()
    return code, out, err


def test_the_result_is_on_stdout_and_the_rest_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capfd, "--plant", "rose", "--out", "bed")
    assert (code, out) == (0, "planted 2\n")
    assert "run folder" in err and "planting: 2/2" in err
    assert read_status(Path("bed")) == "done"


def test_json_is_exactly_one_object(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, "--plant", "rose", "--note", "colour=red", "--note", "tall = very", "--json")
    assert (code, json.loads(out)) == (0, {"planted": 2, "notes": {"colour": "red", "tall": "very"}})
    code, out, err = run(capfd, "--json")
    assert (code, json.loads(out)) == (2, {"error": "nothing to plant; give --plant", "exit_code": 2})
    assert err.endswith("caig: nothing to plant; give --plant\n")


def test_quiet_keeps_warnings(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capfd, "--plant", "weedy", "--quiet")
    assert (code, out, err) == (3, "planted 2\n", "warning: weed: is a weed\n")


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        ((), 2, "caig: nothing to plant; give --plant"),
        (("--plant", "sick"), 1, "caig: the plant is sick"),
        (("--plant", "crash"), 1, "caig: a bug (an error inside caig; --debug shows where)"),
        (("--plant", "break"), 130, "caig: interrupted"),
        (("-n", "many"), 2, "caig: command line: pot.n: input should be a valid integer, unable to parse"),
        (("--set", "pot.m=1"), 2, "caig: --set pot.m=1: unknown key 'pot.m'; did you mean 'pot.n'?"),
        (("--note", "red"), 2, "caig: --note 'red': expected key=value"),
        (("--recipe", "nope"), 2, "caig: --recipe nope: no such file or shipped recipe"),
        (("--plnt", "rose"), 2, "caig: No such option: --plnt"),
        (("--plant",), 2, "caig: Option '--plant' requires an argument"),
        (("bed", "--out", "bed"), 2, "caig: OUT and --out both name the run folder"),
        (("--resume",), 2, "caig: nothing to plant; give --plant"),
        (("bed", "--resume"), 2, "caig: nothing to plant; give --plant"),
        (("bed", "wall"), 2, "caig: Got unexpected extra argument"),
    ],
)  # fmt: skip
def test_mistakes(capfd: pytest.CaptureFixture[str], args: tuple[str, ...], code: int, line: str) -> None:
    got, out, err = run(capfd, *args)
    assert got == code and line in err.splitlines()[-1]
    assert not out and "Traceback" not in err


def test_debug_shows_the_trace(capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capfd, "--plant", "crash", "--debug")
    assert code == 1 and "Traceback" in err and "demo_run" in err


def test_dry_run_touches_nothing(capfd: pytest.CaptureFixture[str], workdir: Path) -> None:
    code, out, _ = run(capfd, "--plant", "rose", "--dry-run", "--out", "bed")
    assert code == 0 and "  # How many.\n  n: 2\n" in out and out.endswith("would plant 2\n")
    code, out, _ = run(capfd, "--plant", "rose", "--dry-run", "--json")
    assert json.loads(out)["recipe"]["pot"]["plant"] == "rose" and json.loads(out)["plan"] == [
        "would plant 2"
    ]
    assert list(workdir.iterdir()) == []


def test_precedence(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """flag > CAIG_* > --set > recipe > default, one key at a time."""
    Path("mine.yaml").write_text("seed: 1\npot: {n: 11, deep: true, plant: fern}\n")

    def resolved(*args: str) -> Any:
        _, out, _ = run(capfd, "--dry-run", "--json", *args)
        return json.loads(out)["recipe"]

    assert resolved("--plant", "rose")["pot"]["n"] == 2
    assert resolved("--recipe", "mine.yaml")["pot"] == {"n": 11, "deep": True, "plant": "fern", "notes": {}}
    assert resolved("--recipe", "mine.yaml", "--set", "pot.n=12")["pot"]["n"] == 12
    monkeypatch.setenv("CAIG_N", "13")
    monkeypatch.setenv("CAIG_DEEP", "0")
    assert resolved("--recipe", "mine.yaml", "--set", "pot.n=12")["pot"] == {
        "n": 13, "deep": False, "plant": "fern", "notes": {},
    }  # fmt: skip
    monkeypatch.setenv("CAIG_DEMO_N", "14")
    assert resolved("--recipe", "mine.yaml")["pot"]["n"] == 14
    assert resolved("--recipe", "mine.yaml", "-n", "15", "--seed", "9")["pot"]["n"] == 15
    monkeypatch.setenv("CAIG_SEED", "8")
    assert resolved("--recipe", "mine.yaml")["seed"] == 8
    monkeypatch.setenv("CAIG_RECIPE", "mine.yaml")
    assert resolved()["pot"]["plant"] == "fern"


def test_a_run_can_be_repeated_from_its_folder(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "bed", "--plant", "rose", "-n", "3")[0] == 0
    assert run(capfd, "again", "--recipe", "bed/recipe.yaml")[1] == "planted 3\n"
    assert run(capfd, "bed", "--plant", "rose")[0] == 2
    assert run(capfd, "bed", "--resume")[1] == "planted 3\n"
    assert run(capfd, "bed", "--plant", "fern", "--overwrite")[1] == "planted 2\n"
    assert len(read_lines(Path("bed/rows.jsonl"))) == 2


class Basket(Section):
    """A section."""

    fruit: tuple[Path, ...] = ()
    """What to weigh."""

    out: Path | None = None
    """Where to write the weights."""


class WeighRecipe(Recipe):
    """A recipe."""

    basket: Basket = Basket()
    """The basket."""


def test_a_command_without_a_run_folder(
    capfd: pytest.CaptureFixture[str], workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its arguments are recipe keys, --out too, and it leaves nothing but what its stage writes."""

    def weigh(recipe: WeighRecipe, report: Reporter) -> Outcome:
        basket = recipe.basket
        report.info("weighing")
        failed = tuple(Failure(str(f), "is a stone") for f in basket.fruit if f.name == "stone")
        return Outcome({"fruit": basket.fruit, "out": basket.out}, failed, (f"{len(basket.fruit)} weighed",))

    stage: Any = ModuleType("caig_cli.stages.weigh")
    stage.WeighRecipe, stage.run, stage.plan = WeighRecipe, weigh, lambda recipe, report: ["would weigh"]
    monkeypatch.setitem(sys.modules, "caig_cli.stages.weigh", stage)
    command = Command("Weigh.", {"FRUIT": "basket.fruit", "--out": "basket.out"}, folder=False)
    monkeypatch.setitem(COMMANDS, "weigh", command)  # type: ignore[arg-type]

    def call(*args: str) -> tuple[int, str, str]:
        return (cli.run(["weigh", *args]), *capfd.readouterr())

    assert call("fig", "pear") == (0, "2 weighed\n", "weighing\n")
    code, out, _ = call("fig", "stone", "--out", "w.txt", "--json")
    assert (code, json.loads(out)) == (3, {"fruit": ["fig", "stone"], "out": "w.txt"})
    code, out, _ = call("fig", "--dry-run", "--json")
    assert (code, json.loads(out)["plan"]) == (0, ["would weigh"])
    assert json.loads(out)["recipe"]["basket"] == {"fruit": ["fig"], "out": None}
    _, out, _ = call("--help")
    assert "[FRUIT]..." in out and "--resume" not in out and "Where to write the weights." in out
    assert call("fig", "--resume")[0] == 2
    assert list(workdir.iterdir()) == []


def test_the_newest_unfinished_run_is_resumed(capfd: pytest.CaptureFixture[str]) -> None:
    run(capfd, "--plant", "break", "-n", "5")
    _, out, _ = run(capfd, "--resume", "--dry-run", "--json")
    assert json.loads(out)["recipe"]["pot"]["n"] == 5


def test_help_and_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    assert "demo" in capfd.readouterr().out
    code, out, _ = run(capfd, "--help")
    assert code == 0
    for text in (
        "--plant PATH",
        "-n INTEGER",
        "How many. [default: 2]",
        "--deep / --no-deep",
        "--note KEY=VALUE",
        "[OUT]",
    ):
        assert text in out
    assert cli.run(["--version"]) == 0
    assert capfd.readouterr().out.startswith("caig 0.")
    assert cli.run(["nope"]) == 2


def test_env(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["env", "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert facts["packages"]["torch"] and isinstance(facts["devices"], list)
    working = ("bitsandbytes", "diffusers", "mitsuba", "onnxruntime")
    assert facts["working"] == dict.fromkeys(working, "works")
    assert set(facts["cutout"]) == {"name", "origin", "licence", "path"}
    assert facts["cache"]["folder"] and facts["cache"]["free_gb"] >= 0
    assert cli.run(["env"]) == 0
    out = capfd.readouterr().out
    assert "torch: " in out and "  mitsuba: works\n" in out


def test_the_launcher_and_the_module_are_the_command(root: Path) -> None:
    for command in (["caig"], ["-m", "caig_cli"]):
        done = subprocess.run(
            [sys.executable, *command, "--version"], cwd=root, capture_output=True, text=True
        )
        assert (done.returncode, done.stdout[:5]) == (0, "caig "), done.stderr


STAGE = """
import sys, time
from types import ModuleType
from caig_cli import cli
from caig_cli.commands import COMMANDS, Command
from caig_cli.recipe import Recipe
stage = ModuleType("caig_cli.stages.demo")
class DemoRecipe(Recipe): pass
def wait(recipe, run, report):
    report.info("ready")
    time.sleep(60)
stage.DemoRecipe, stage.run = DemoRecipe, wait
sys.modules["caig_cli.stages.demo"] = stage
COMMANDS["demo"] = Command("Wait.", {})
cli.main(["demo", "--out", sys.argv[1]])
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_end_in_order(tmp_path: Path, root: Path, how: signal.Signals) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", STAGE, str(tmp_path / "bed")],
        cwd=root,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts background jobs with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line == "ready\n":
            break
    child.send_signal(how)
    _, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (130, "caig: interrupted\n")
    assert read_status(tmp_path / "bed") == "interrupted"


def test_notes_of_libraries_to_programmers_are_for_debugging(root: Path) -> None:
    code = (
        "import sys, warnings; from caig_cli import cli; "
        "cli.run = lambda args: warnings.warn('old way', FutureWarning) or 0; cli.main(sys.argv[1:])"
    )
    said = {
        args: subprocess.run([sys.executable, "-c", code, *args], cwd=root, capture_output=True, text=True)
        for args in ((), ("--debug",))
    }
    assert said[()].stderr == "" and "FutureWarning: old way" in said["--debug",].stderr


def test_a_reader_that_leaves_is_no_error(root: Path) -> None:
    command = f"{sys.executable} -m caig_cli --help | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=root, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "Error" not in done.stderr


def test_plain_progress_is_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    report = SilentReporter()
    now = iter(range(0, 1000, 2))
    monkeypatch.setattr("caig_cli.engine.report.time.monotonic", lambda: float(next(now)))
    with report.progress("painting", 9) as bar:
        for k in range(9):
            bar.advance(1, loss=1 / (k + 1))
    assert report.lines == [
        "painting: 3/9 in 6.0 s, loss 0.3333",
        "painting: 6/9 in 12.0 s, loss 0.1667",
        "painting: 9/9 in 18.0 s, loss 0.1111",
    ]


def test_a_live_terminal(root: Path) -> None:
    """The rich reporter in a real pseudo-terminal: bars, figures, tables; markup in texts is only text."""
    import pty

    script = f"import sys; sys.path.insert(0, {str(root)!r})\n" + textwrap.dedent("""
        from caig_cli.engine.report import RichReporter, make_reporter
        report = make_reporter()
        assert type(report) is RichReporter
        report.info("a [red]caption[/red]")
        with report.progress("painting", 2) as bar, report.progress("inner") as inner:
            inner.advance()
            bar.advance(2, loss=0.5)
            report.metrics(1, {"loss": 0.25})
        report.table("figures", ["name", "value"], [["[b]x", 0.123456]])
        report.warn("mind")
    """)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", script])
    shown = b""
    while True:
        try:
            block = os.read(terminal, 4096)
        except OSError:
            break
        if not block:
            break
        shown += block
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    for text in (b"a [red]caption[/red]", b"painting: 2/2", b"0.1235", b"[b]x", b"warning: mind"):
        assert text in shown


def test_reporters_for_their_streams() -> None:
    assert type(make_reporter(json=True)) is Reporter
    assert type(make_reporter()) is Reporter  # tests have no terminal
