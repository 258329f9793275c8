"""Whether anything is lost, doubled or different when things go wrong; needs no model and no network.

Run: ``python benchmarks/faults.py [--damages] [--kills N] [--interrupts N] [--full-disks N] [--seed S]``

- *Damages*: inputs and run folders broken in every way that we know; each must end in one line, without the
  name of a Python exception, with the exit code it should have, and at once.
- *Kills* (SIGKILL) and *interrupts* (SIGINT, SIGTERM, SIGHUP): ``caig generate`` and ``caig market`` are
  stopped at random moments and go on with ``--resume`` until a run ends: its files must be those of an
  uninterrupted run, byte for byte.
- *Full disks*: the same runs in a small tmpfs (Linux, as root); where it is full, one line names the file,
  and after room was made ``--resume`` ends in the same bytes.

The painter is the fake one: what is tested is what is around it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from caig_cli import cli

FAKE = (
    "--set", "generate.painter=fake", "--set", "judge.model=null", "--size", "96x80", "-n", "2",
    "--prompt", "a",
)  # fmt: skip
NAMES = re.compile(r"\b[A-Z][A-Za-z]*(?:Error|Exception|Interrupt|Warning)\b|Traceback")
"""What no user should have to read."""
VARYING = {"run.json", "env.json", ".lock", ".caig-files"}
"""Files with times in them, and the record, whose order tells of the kill."""
IN_OTHER_ORDER = {"manifest.jsonl", "products/photos.jsonl", "inputs.json"}
"""Files whose rows come in another order where some were made again."""
SLOW_S = 60.0


def photo(path: Path, number: int = 0) -> Path:
    """A product of one colour on nothing."""
    rgba = np.zeros((64, 48, 4), np.uint8)
    rgba[8:60, 8:40] = (200, 30 + 10 * (number % 20), 60, 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgba).save(path)
    return path


def shop(folder: Path, count: int = 6) -> Path:
    """A folder of photos."""
    for number in range(count):
        photo(folder / f"p{number}.png", number)
    return folder


def call(*args: object) -> tuple[int, str]:
    """A command line within this process: exit code, and all that it says."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = cli.run([str(arg) for arg in args])
    return code, output.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    """What a run left, but for what tells the time."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in VARYING and not path.name.endswith(".damaged")
    }


# --- damages ---------------------------------------------------------------------------------------

Damage = tuple[str, Sequence[object], set[int], str]
"""What is wrong, the command line, the exit codes it may have, and a pattern of what it must say."""


def inputs(root: Path) -> Iterator[Damage]:
    """Inputs that are no good, each with the words that its line must hold."""
    (root / "x").mkdir(parents=True)
    good = photo(root / "good.png")

    def write(name: str, data: bytes | str) -> Path:
        path = root / "x" / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def table(data: bytes | str, suffix: str = ".jsonl") -> Sequence[object]:
        name = f"{len(list((root / 'x').iterdir()))}{suffix}"
        photo(root / "x" / "a.png")
        return ("generate", "--product", write(name, data), *FAKE)

    def recipe(data: bytes | str) -> Sequence[object]:
        name = f"{len(list((root / 'x').iterdir()))}.yaml"
        return ("generate", "--recipe", write(name, data), "--product", good)

    pipe = root / "x" / "pipe.jsonl"
    os.mkfifo(pipe)
    folders = root / "x" / "folder.jsonl"
    folders.mkdir()
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    row = '{"image": "a.png"}'
    yield "no such file", ("generate", "--product", root / "none.png"), {2}, "no such file"
    yield "a pipe as table", ("generate", "--product", pipe), {2}, "pipe or a device"
    yield "a pipe as recipe", ("generate", "--recipe", pipe), {2}, "no such file or shipped recipe"
    yield "a device as photo", ("generate", "--product", "/dev/zero", *FAKE), {2}, "not a regular file"
    yield "a folder with a table's name", ("generate", "--product", folders, *FAKE), {2}, "no image"
    yield "an empty table", table(""), {2}, "empty"
    yield "a table of zeros", table(b"\0" * 5000), {2}, r":1: not valid JSON"
    yield "not UTF-8", table(b'{"image": "a.png", "caption": "\xff"}'), {2}, r":1: not UTF-8"
    yield "JSON nested deeply", table("[" * 100_000, ".json"), {2}, "nested too deeply"
    yield "a row nested deeply", table('{"x":' * 300 + "1" + "}" * 300), {2}, "nested too deeply"
    yield "a huge number as id", table('{"image": "a.png", "id": ' + "9" * 5000 + "}"), {2}, "5000 digits"
    yield "a huge number as n", table('{"image": "a.png", "n": ' + "9" * 200 + "}"), {2}, r":1:n"
    yield "a huge seed", table('{"image": "a.png", "seed": ' + "9" * 40 + "}"), {2}, r":1:seed"
    yield "not a number as scale", table('{"image": "a.png", "scale": NaN}'), {2}, r":1:scale"
    yield "a list for a path", table('{"image": ["a.png"]}'), {2}, r":1:image"
    yield "a path that escapes", table('{"image": "../../../../etc/passwd"}'), {2}, "outside the folder"
    yield "a path with a zero byte", table('{"image": "a\\u0000.png"}'), {2}, "not a usable path"
    yield "half a character in a caption", table('{"image": "a.png", "caption": "x \\ud83d"}'), {0}, ""
    yield "two rows of one id", table(row + "\n" + row), {3}, "already used"
    yield "rows that are no objects", table("1\n" * 12_000), {2}, "right file"
    yield "a CSV field without an end", table('image,caption\na.png,"' + "x" * 200_000, ".csv"), {2, 3}, ":2"
    yield "a column twice", table("image,image\na,b\n", ".csv"), {2}, "twice"
    yield "a photo of zero bytes", ("generate", "--product", write("0.png", b""), *FAKE), {2}, "empty"
    cut = write("cut.png", good.read_bytes()[:90])
    yield "a photo cut short", ("generate", "--product", cut, *FAKE), {2}, "truncated|damaged"
    yield "YAML that unfolds", recipe(bomb), {2}, r":\d+: more than \d+ values"
    yield "YAML nested deeply", recipe("generate: " + "[" * 50_000), {2}, "nested too deeply"
    yield "YAML that holds itself", recipe("generate: &g {caption: *g}"), {2}, "holds itself"
    yield (
        "YAML with a Python object",
        recipe("seed: !!python/object/apply:os.getcwd []"),
        {2},
        "not valid YAML",
    )
    yield "YAML with a huge number", recipe("seed: " + "9" * 5000), {2}, "YAML"
    yield "YAML with a huge hex number", recipe("seed: 0x" + "f" * 2000), {2}, "digits"
    yield "YAML with a wrong date", recipe("seed: 2001-13-45"), {2}, "not valid YAML"
    yield "YAML that is a list", recipe("- a"), {2}, "mapping"
    yield "YAML that is not text", recipe(bytes(range(256))), {2}, "YAML"
    yield "a number that is not finite", ("generate", "--set", "generate.scale=.nan"), {2}, "generate.scale"
    yield "an endless seed", ("generate", "--seed", "1" + "0" * 400), {2}, "seed"
    yield "a size of nothing", ("generate", "--product", good, "--size", "0x0"), {2}, "size"
    yield "a size without end", ("generate", "--product", good, "--size", "9" * 30 + "x1"), {2}, "size"
    yield "pairs that are no pairs", ("train-rm", "--pairs", write("p.jsonl", "[]\n")), {2}, r":1"
    yield "pairs from a pipe", ("train-rm", "--pairs", pipe), {2}, "pipe|no such"
    yield "dialogues from a pipe", ("pretrain", "--data", pipe), {2}, "no such|pipe"
    yield "products from a pipe", ("pcpo", "--products", pipe), {2}, "pipe"
    yield "a test set from a pipe", ("eval-rm", "--testset", pipe), {2}, "pipe|no such"
    yield "no such judge", ("eval-rm", "--judge", "nobody"), {2}, "no such judge"
    yield "one ad to score", ("score", good), {2}, "at least two"
    yield "no checkpoint", ("import", root / "none", root / "made"), {2}, "no such|no checkpoint|none"
    yield "no hub's name", ("fetch", "a b c"), {2}, "no name on the hub"


def folders(root: Path, products: Path) -> Iterator[Damage]:
    """Run folders that are not ours, or were damaged since; of the last ones only whole files may be left."""
    command = ("generate", "--product", products, *FAKE)

    def made(name: str) -> Path:
        code, output = call(*command, "--out", root / name)
        assert code == 0, output
        return root / name

    foreign = root / "foreign"
    (foreign / "src").mkdir(parents=True)
    (foreign / "src" / "precious.py").write_text("x")
    for status in ("{}", "[]", "null", '{"status": "done"}', '{"command": "train", "status": "done"}', "{"):
        (foreign / "run.json").write_text(status)
        for switch in ("--overwrite", "--resume"):
            args = (*command, "--out", foreign, switch)
            yield f"a folder of others with run.json {status}, {switch}", args, {2}, "holds no run"
    whole = made("whole")
    for name in ("mine.txt", "ads/mine.png", "products/sub/mine.txt"):
        (whole / name).parent.mkdir(exist_ok=True)
        (whole / name).write_text("mine")
    yield "a run with files of others, --overwrite", (*command, "--out", whole, "--overwrite"), {0}, ""
    for name in ("mine.txt", "ads/mine.png", "products/sub/mine.txt"):
        assert (whole / name).read_text() == "mine", name
        (whole / name).unlink()
    (whole / "products" / "sub").rmdir()
    yield "a finished run", (*command, "--out", whole), {2}, "holds a run"
    resume = (*command, "--out", whole, "--resume")
    yield "--resume without a folder", (*command, "--out", root / "new", "--resume"), {0}, ""
    for name in ("manifest.jsonl", "products/photos.jsonl"):
        text = (whole / name).read_bytes()
        lines = text.splitlines(keepends=True)
        for what, damaged in {
            "cut in its last line": text[:-20],
            "without its last line's end": text[:-1],
            "cut in a line": lines[0][:30] + b"\n" + b"".join(lines[1:]),
            "with an empty line": lines[0] + b"\n" + b"".join(lines[1:]),
            "with a foreign row": b'{"path": "ads/a-1.png"}\n' + text,
            "with a list": b"[]\n" + text,
            "with a row nested deeply": b"[" * 5000 + b"\n" + text,
            "with a huge number": b'{"path": ' + b"9" * 5000 + b"}\n" + text,
            "not UTF-8": b"\xff\xfe\n" + text,
            "with its rows twice": text + text,
            "empty": b"",
        }.items():
            (whole / name).write_bytes(damaged)
            yield f"{name} {what}", resume, {0}, ""
        (whole / name).unlink()
        yield f"{name} gone", resume, {0}, ""
    ad = next((whole / "ads").iterdir())
    for what, data in {"cut short": ad.read_bytes()[:200], "empty": b"", "zeros": b"\0" * 900}.items():
        ad.write_bytes(data)
        yield f"an ad {what}", resume, {0}, "made again"
    for name in ("run.json", "recipe.yaml", "inputs.json", "env.json", "report.html"):
        for what, data in {"cut short": b'{"a', "empty": b"", "a list": b"[]", "zeros": b"\0" * 99}.items():
            (whole / name).write_bytes(data)
            yield f"{name} {what}", resume, {0}, ""
    (whole / "recipe.yaml").write_text("seed: [")
    yield "recipe.yaml damaged, another recipe", (*resume, "--seed", "5"), {2}, r"recipe.yaml:\d"
    yield "recipe.yaml damaged, its own recipe", resume, {0}, "written anew"
    (whole / "recipe.yaml").write_text("seed: 1\n~: 3\n")
    yield "recipe.yaml with odd keys", (*resume, "--recipe", "embedded"), {2}, "another"
    (whole / "recipe.yaml").unlink()
    yield "recipe.yaml gone", resume, {0}, "written anew"
    typo = ("generate", "--product", root / "typo", *FAKE, "--out", root / "typed")
    yield "a typo", typo, {2}, "no such file"
    assert not (root / "typed").exists(), "a typo leaves no folder"
    yield "the right command after it", (*command, "--out", root / "typed"), {0}, ""
    bad = root / "bad"
    for number in range(3):
        (bad / f"b{number}.png").parent.mkdir(exist_ok=True)
        (bad / f"b{number}.png").write_bytes(b"no photo")
    yield (
        "no photo can be used",
        ("generate", "--product", bad, *FAKE, "--out", root / "b"),
        {2},
        "b0.*b1.*b2",
    )
    odd = os.fsdecode(bytes(root / "odd") + b"\xff\xfe.png")
    shutil.copy(photo(root / "plain.png"), odd)
    yield "a name that is not UTF-8", ("generate", "--product", odd, *FAKE, "--out", root / "o"), {0}, ""
    yield "a run folder of that name", (*command, "--out", odd + "run"), {0}, ""
    yield "a file as run folder", (*command, "--out", root / "plain.png"), {2}, "is a file"
    yield "a folder below a file", (*command, "--out", root / "plain.png/x"), {2}, "Not a directory"
    yield "a name too long", (*command, "--out", root / ("n" * 300)), {2}, "too long"


def damages(root: Path, every: int = 1) -> tuple[int, list[str]]:
    """Try all damages, or each of so many; returns how many there were and what went wrong."""
    faults: list[str] = []
    count = 0
    root.mkdir()
    os.chdir(root)
    products = shop(root / "shop")
    code, output = call("generate", "--product", products, *FAKE, "--out", root / "reference")
    assert code == 0, output
    reference = files(root / "reference")
    (root / "work").mkdir()
    whole = root / "work" / "whole"
    tried = itertools.chain(inputs(root / "inputs"), folders(root / "work", products))
    for number, (what, args, codes, words) in enumerate(tried):
        if number % every:
            if whole in args:  # the next damage must not meet this one
                shutil.copytree(root / "reference", whole, dirs_exist_ok=True)
            continue
        count += 1
        faults += _tried(what, args, codes, words)
        if whole in args and codes == {0}:
            left = {name: data for name, data in files(whole).items() if "mine" not in name}
            different = {n for n in reference.keys() | left.keys() if reference.get(n) != left.get(n)}
            if different - IN_OTHER_ORDER or _rows(whole) != _rows(root / "reference"):
                faults.append(f"{what}: not the files of an undamaged run: {', '.join(sorted(different))}")
    return count, faults


def _rows(folder: Path) -> list[str]:
    """The manifest's rows in any order: what is made again comes last."""
    last = {line[:60]: line for line in (folder / "manifest.jsonl").read_text().splitlines()}
    return sorted(last.values())


def _tried(what: str, args: Sequence[object], codes: set[int], words: str) -> list[str]:
    started = time.monotonic()
    code, output = call(*args)
    faults = []
    if code not in codes:
        faults.append(f"exit {code}")
    if NAMES.search(output):
        faults.append(f"an exception's name ({NAMES.search(output)[0]})")  # type: ignore[index]
    if not re.search(words, output, re.S):
        faults.append(f"does not say {words!r}")
    if time.monotonic() - started > SLOW_S:
        faults.append(f"{time.monotonic() - started:.0f} s")
    last = output.strip().splitlines()[-1:] or [""]
    return [f"{what}: {', '.join(faults)}: {last[0][:200]}"] if faults else []


# --- kills, interrupts, full disks -----------------------------------------------------------------


def start(*args: object) -> subprocess.Popen[str]:
    """A command line as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "caig_cli", *map(str, args)], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip


def stopped(
    root: Path, commands: Sequence[Sequence[object]], count: int, signals: Sequence[int], seed: int
) -> list[str]:
    """Stop runs ``count`` times in all at random moments and go on; returns what went wrong."""
    rng, faults, stops, turn = random.Random(seed), list[str](), 0, 0
    wholes, seconds = [], []
    for number, command in enumerate(commands):
        began = time.monotonic()
        process = start(*command, "--out", root / f"whole{number}")
        output = process.communicate()[0]
        assert process.returncode == 0, output
        seconds.append(time.monotonic() - began)
        wholes.append(files(root / f"whole{number}"))
    while stops < count:
        number = turn % len(commands)
        out = root / f"stopped{turn}"
        for attempt in range(8):
            began = time.monotonic()
            process = start(*commands[number], "--out", out, "--resume")
            wait = rng.uniform(0.0, 1.1 * seconds[number])
            try:
                output = process.communicate(timeout=wait)[0] if stops < count else process.communicate()[0]
            except subprocess.TimeoutExpired:
                process.send_signal(rng.choice(signals))
                output, stops = process.communicate()[0], stops + 1
            if NAMES.search(output) and "caig_cli" in output:  # before that, Python itself is starting
                faults.append(f"stop {stops}: an exception's name: {output[-900:]}")
            if process.returncode == 0:
                if attempt == 0:  # the machine is faster than it was: or few runs would be stopped
                    seconds[number] = min(seconds[number], time.monotonic() - began)
                break
        else:
            process = start(*commands[number], "--out", out, "--resume")
            output = process.communicate()[0]
        if process.returncode != 0 or files(out) != wholes[number]:
            faults.append(f"run {turn}: exit {process.returncode}, other files; {output[-200:]}")
        shutil.rmtree(out, ignore_errors=True)
        turn += 1
    return faults


def full_disks(root: Path, commands: Sequence[Sequence[object]], count: int, seed: int) -> list[str]:
    """Runs on disks that are too small by ever other amounts; then they grow, and the runs go on."""
    rng, faults = random.Random(seed), list[str]()
    wholes = []
    for number, command in enumerate(commands):
        output = start(*command, "--out", root / f"roomy{number}").communicate()[0]
        wholes.append((files(root / f"roomy{number}"), output))
    for turn in range(count):
        number = turn % len(commands)
        whole = wholes[number][0]
        size = sum(4096 * (1 + len(data) // 4096) for data in whole.values())
        disk = root / f"disk{turn}"
        disk.mkdir()
        _mount(disk, int(size * rng.uniform(0.1, 0.95)))
        try:
            process = start(*commands[number], "--out", disk / "run")
            output = process.communicate()[0]
            full = "disk is full" in output.strip().splitlines()[-1]
            if process.returncode == 0 or NAMES.search(output) or not full:
                faults.append(f"disk {turn}: exit {process.returncode}: {output[-300:]}")
            _mount(disk, 64 << 20, again=True)
            process = start(*commands[number], "--out", disk / "run", "--resume")
            output = process.communicate()[0]
            if process.returncode != 0 or files(disk / "run") != whole:
                faults.append(f"disk {turn}: after room was made, exit {process.returncode}: {output[-300:]}")
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    return faults


def _mount(folder: Path, size: int, *, again: bool = False) -> None:
    options = f"size={size}" + (",remount" if again else "")
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def commands(root: Path) -> list[Sequence[object]]:
    """What is stopped: ads of a catalogue, and a market."""
    products = shop(root / "shop", 24)
    return [
        ("generate", "--product", products, *FAKE),
        ("market", "--products", "6", "--workers", "1", "--set", "market.painter=fake", "--set",
         "market.photo_size=32", "--set", "market.ad_size=32"),
    ]  # fmt: skip


def main() -> int:
    """Run what was asked for, all without any; returns 1 where something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--damages", action="store_true")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--interrupts", type=int, default=0)
    parser.add_argument("--full-disks", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if not (asked.damages or asked.kills or asked.interrupts or asked.full_disks):
        asked.damages, asked.kills, asked.interrupts, asked.full_disks = True, 120, 55, 15
    jobs: list[tuple[str, Callable[[Path], list[str]]]] = []
    with tempfile.TemporaryDirectory(prefix="caig-faults-") as folder:
        root = Path(folder)
        os.environ.setdefault("CAIG_CACHE", str(root / "cache"))
        if asked.damages:
            count, faults = damages(root / "damages")
            jobs.append((f"{count} damages", lambda _: faults))
        polite = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
        for n, what, signals in (
            (asked.kills, "kills", [signal.SIGKILL]), (asked.interrupts, "interrupts", polite)
        ):  # fmt: skip
            if n:
                run = lambda at, n=n, signals=signals: stopped(at, commands(at), n, signals, asked.seed)  # noqa: E731
                jobs.append((f"{n} {what}", run))
        if asked.full_disks:
            jobs.append((f"{asked.full_disks} full disks", lambda at: full_disks(
                at, commands(at), asked.full_disks, asked.seed)))  # fmt: skip
        bad = 0
        for number, (what, job) in enumerate(jobs):
            (root / str(number)).mkdir()
            faults = job(root / str(number))
            bad += len(faults)
            print(
                f"{what}: {'nothing lost, doubled or different' if not faults else f'{len(faults)} faults'}"
            )
            for fault in faults:
                print(f"  {fault}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
