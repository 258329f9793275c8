"""The memory plan: what each phase of a run keeps on the device, and whether that fits. No torch.

GB are 2^30 bytes here, as on the box of a graphics card.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ValidationError

from caig_cli.errors import UsageError
from caig_cli.recipe import Recipe, leaves, replaced

GB = 1 << 30
RESERVE = GB // 2
"""What a device keeps for itself: CUDA's context and the libraries' workspaces."""
WORTH = 0.01
"""Share of the peak that a piece of advice must save."""
COLUMNS = ("weights", "adapters", "training", "activations", "cache", "peak")

R = TypeVar("R", bound=Recipe)


@dataclass(frozen=True, slots=True)
class Phase:
    """Bytes on the device. ``training``: gradients and the optimiser's moments; ``cache``: keys, values."""

    name: str
    weights: int = 0
    adapters: int = 0
    training: int = 0
    activations: int = 0
    cache: int = 0

    @property
    def peak(self) -> int:
        """All of it together."""
        return self.weights + self.adapters + self.training + self.activations + self.cache


def peak(phases: Iterable[Phase]) -> Phase:
    """The phase that needs most."""
    return max(phases, key=lambda phase: phase.peak)


def table(phases: Sequence[Phase]) -> list[str]:
    """The plan for people, in GB."""
    rows: list[tuple[str, ...]] = [("memory, GB", *COLUMNS)]
    rows += [(p.name, *(f"{getattr(p, c) / GB:.2f}" for c in COLUMNS)) for p in phases]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def facts(phases: Sequence[Phase]) -> dict[str, Any]:
    """The plan for programs, in bytes."""
    return {"phases": [asdict(p) | {"peak": p.peak} for p in phases], "peak": peak(phases).peak}


def parse_size(text: str) -> int:
    """``12GB`` as bytes. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(GB|GiB|MB|MiB)", text.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError("expected a size such as 12GB or 900MB")
    return int(float(found[1]) * (GB if found[2][0] in "gG" else GB >> 10))


def _well_formed(text: str) -> str:
    parse_size(text)
    return text


MemorySize = Annotated[str, AfterValidator(_well_formed)]
"""A recipe value such as 12GB."""


def check(
    recipe: R,
    phases: Sequence[Phase],
    room: int,
    lean: Mapping[str, Any],
    planned: Callable[[R], Sequence[Phase]],
) -> None:
    """Refuse what does not fit into ``room`` bytes, with the ``lean`` values of recipe keys that make it fit.

    The first of them are tried first.

    Raises UsageError.
    """
    need = peak(phases)
    if need.peak + RESERVE <= room:
        return
    raise UsageError(f"{_shortage(need, room)}; {_advice(recipe, need, room, lean, planned)}")


def _shortage(need: Phase, room: int) -> str:
    return (
        f"phase {need.name} needs {need.peak / GB:.1f} GB and {RESERVE / GB:.1f} GB for the driver, and the "
        f"device has {room / GB:.1f} GB"
    )


def _advice(
    recipe: R, need: Phase, room: int, lean: Mapping[str, Any], planned: Callable[[R], Sequence[Phase]]
) -> str:
    """The first values that help until the rest fits; what all of them come to where that is too much."""

    def peak_with(values: dict[str, Any]) -> int | None:
        """None where that is nothing that can be done: no judge, and candidates to be ranked."""
        try:
            return peak(planned(replaced(recipe, values))).peak if values else need.peak
        except UsageError:
            return None

    useful = _other(recipe, lean)
    while (least := peak_with(useful)) is None:
        useful.popitem()
    if least > need.peak * (1 - WORTH):
        return "a smaller model is needed"
    if least + RESERVE > room:
        return f"even {_listed(useful)} would need {least / GB:.1f} GB, so a smaller model is needed"
    chosen: dict[str, Any] = {}
    hints, before = [], need.peak
    for key, value in useful.items():
        after = peak_with(chosen | {key: value})
        if after is not None and before - after > need.peak * WORTH:
            hints.append(f"{key}={_text(value)} (saves {(before - after) / GB:.1f} GB)")
            chosen[key], before = value, after
        if before + RESERVE <= room:
            break
    if before + RESERVE > room:  # only together they help
        return f"set {_listed(useful)}; that needs {least / GB:.1f} GB"
    return f"set {', '.join(hints)}; that needs {before / GB:.1f} GB"


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={_text(value)}" for key, value in values.items())


def _other(recipe: R, lean: Mapping[str, Any]) -> dict[str, Any]:
    """The lean values that a recipe can have and has not."""
    known = dict(leaves(recipe.model_dump(mode="json")))
    other: dict[str, Any] = {}
    for key, value in lean.items():
        if key not in known or known[key] == value or _is_more(value, known[key]):
            continue
        try:
            replaced(recipe, other | {key: value})
        except ValidationError:
            continue  # not of this recipe's kind of model
        other[key] = value
    return other


def _is_more(value: Any, known: Any) -> bool:
    """Whether a lean number is larger than the recipe's own."""
    numbers = isinstance(value, int) and isinstance(known, int) and not isinstance(value, bool)
    return numbers and value > known


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
