"""Which judges go with which: the second one of a judge, and the judge that a prompt model learnt from.

An adapter of ``caig pcpo`` keeps the judge that trained it: a copy in ``judge/``, or its name in
``judge.json`` where it ships in the package, has a name on the hub, or is large. No torch: plans read this.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from caig_cli.engine import bases, hub_name, sources
from caig_cli.judges import kind_of
from caig_cli.parsing import read_json
from caig_cli.rewards.folders import SECOND, SOURCES, locate, second_of

AUTO, HELDOUT = "auto", "heldout"
FOLDER, FILE = "judge", "judge.json"
LARGE = 1 << 30
"""Bytes from which on a judge is named instead of copied."""


def heldout_of(judge: str, heldout: str | None) -> str | None:
    """The judge that watches: the one named, or the one trained with the judge, or else the shipped one."""
    if heldout != AUTO:
        return heldout
    return (second_of(judge) if kind_of(judge) == "trained" else None) or HELDOUT


def judge_for(judge: str | None, writer: str) -> str | None:
    """The judge named, or for ``auto`` the one that trained the prompt model; embedded where none did."""
    if judge != AUTO:
        return judge
    folder = None if writer == hub_name.EMBEDDED else sources.cached(writer)
    if folder is None:
        return hub_name.EMBEDDED
    if (folder / FOLDER).is_dir():
        return str(folder / FOLDER)
    try:
        name = str(read_json(folder / FILE)["judge"])
        return bases.find_local(folder, name) if name.startswith("./") else name
    except (ValueError, KeyError, TypeError):
        return hub_name.EMBEDDED


def keep_judge(judge: str, adapter: Path) -> None:
    """Store the judge with the adapter that learnt from it; of a kind other than reward models, its name."""
    if kind_of(judge) == "random":
        return
    if kind_of(judge) != "trained" or judge in SOURCES or hub_name.HubName.parse(judge) is not None:
        name = judge
    else:
        folder = locate(judge)
        if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < LARGE:
            ignore = shutil.ignore_patterns(SECOND)
            shutil.copytree(folder, adapter / FOLDER, dirs_exist_ok=True, ignore=ignore)
            return
        name = bases.local_name(folder)
    (adapter / FILE).write_text(json.dumps({"judge": name}) + "\n", "utf-8")


def copy_kept(adapter: Path, model: Path) -> None:
    """The same judge for the model that an adapter was merged into."""
    for kept in (adapter / FOLDER, adapter / FILE):
        if kept.is_dir():
            shutil.copytree(kept, model / kept.name, dirs_exist_ok=True)
        elif kept.is_file():
            shutil.copy2(kept, model / kept.name)
