"""How right cut-outs are, and how those of real photos look.

    python benchmarks/cutout.py --split tune --limit 6 --methods this
    python benchmarks/cutout.py --split test --before OTHER_PYTHON --network FILE.onnx
    python benchmarks/cutout.py --photos DIR OUT

The first two compare methods on photos made with a known alpha (``cutout_grounds.py``), as PNG or as JPEG
4:2:0 of quality 90 or 75. Tune on one split, report the other. Methods: ``this``; ``before``, the code of
commit eedec31 in a Python that has numpy, scipy, pillow, pydantic and pymatting; ``network``, the mask alone,
enlarged; ``network+matting``, plain closed-form matting with a trimap around that mask, as rembg has it.

Rows are appended to ``rows.jsonl`` in the work folder; what is there is not computed again, but for ``this``
where its code has changed (``earlier`` is then the code before). Columns, means over products:

- refused: percent of photos. ``IoU`` (of alpha > 0.5, with a bootstrap 95 % interval) counts them as 0, and
  ``good`` as not good; all other columns leave them out
- accepted: the IoU of those not refused
- alpha: mean absolute error of alpha over the frame, in thousandths; band: the same within 10 px of the true
  outline and wherever the truth is soft, in hundredths
- edge: average symmetric distance of the outlines at alpha 0.5, in pixels (Heimann et al. 2009)
- holes: percent of the enclosed regions of ground of over 60 px that are at least 90 % open; white: percent
  of the white parts beside holes that are at least 95 % solid
  (doubtful ones are refused; the last lines say how well doubt tells ruined cut-outs)
- good: percent of photos with an IoU of at least 0.98 and every hole and every white part right
- colour: mean error of the colours given at soft pixels, in levels of 255, weighted by alpha
- CPU s: seconds of all threads, loading not included

The third cuts out every photo of a folder and writes to OUT for each one picture (photo, cut-out on magenta,
cut-out on black), a contact sheet, and a line in ``photos.csv``: accepted, method, doubt, notes, CPU seconds
(loading the network included) and the peak memory of a process that does nothing else.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from cutout_grounds import GROUNDS, Case, encoded, make_case
from cutout_measures import SOUND, interval, is_ruined, measured
from cutout_methods import METHODS, Method, code_of
from cutout_pictures import compared, look_at
from cutout_products import ROOT, VERSION, Opener, Truth, products, rng_of
from numpy.typing import NDArray
from PIL import Image

from caig_cli.cutouts.cutout import DOUBTFUL
from caig_cli.errors import ItemError

Pixels = NDArray[np.uint8]
Row = dict[str, Any]

ENCODINGS = ("png", "q90", "q75")
IDENTITY = ("version", "split", "product", "ground", "encoding", "method", "code")


# --- running ----------------------------------------------------------------------------------------------


def run(args: argparse.Namespace) -> list[Row]:
    """All rows asked for, computing those that are missing, photo by photo."""
    path = args.work / "rows.jsonl"
    args.work.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.is_file() else []
    known = {_key(row): row for row in map(json.loads, lines)}
    methods = _opened(args)
    wanted: list[Row] = []
    for opener, ground, encodings in _photos(args):
        truth = opener()
        blanks = [_blank(args, truth.name, ground, e, name) for e in encodings for name in args.methods]
        wanted += blanks
        missing = [row for row in blanks if _key(row) not in known and row["method"] in methods]
        if not missing:
            continue
        case = make_case(truth, ground, args.split, args.work)
        for row in missing:
            known[_key(row)] = row | _tried(methods[row["method"]], case, row, args)
            with path.open("a") as file:
                file.write(json.dumps(known[_key(row)]) + "\n")
    return [known[_key(row)] for row in wanted + _earlier(wanted, known) if _key(row) in known]


def _earlier(wanted: list[Row], known: dict[tuple[str, ...], Row]) -> list[Row]:
    """The same photos as wanted of ``this``, by the last code before the present one."""
    own = code_of("this")
    codes = [row["code"] for row in known.values() if row["method"] == "this" and row["code"] != own]
    return [row | {"code": codes[-1]} for row in wanted if codes and row["method"] == "this"]


def _photos(args: argparse.Namespace) -> Iterator[tuple[Opener, str, tuple[str, ...]]]:
    """Product, ground and encodings of every photo, product by product: the first are a fair choice."""
    every = list(products(args.split, args.work))
    drawn = [opener for opener, is_drawn in every if is_drawn]
    others = [opener for opener, is_drawn in every if not is_drawn]
    for at in range(max(len(drawn), len(others))):
        for ground in args.grounds:
            openers = drawn if GROUNDS[ground].drawn else others
            if at < min(len(openers), args.limit):
                one = str(rng_of("encoding", args.split, at, ground).choice(ENCODINGS))
                yield openers[at], ground, ENCODINGS if args.encodings == "all" else (one,)


def _opened(args: argparse.Namespace) -> dict[str, Method]:
    """The methods that can be had here; of the others one line is said."""
    methods = {}
    for name in args.methods:
        try:
            methods[name] = METHODS[name](args)
        except Exception as error:
            print(f"{name}: left out ({type(error).__name__}: {error})", flush=True)
    return methods


def _blank(args: argparse.Namespace, product: str, ground: str, encoding: str, method: str) -> Row:
    """What tells a row from all others."""
    values = (VERSION, args.split, product, ground, encoding, method, code_of(method))
    return dict(zip(IDENTITY, values, strict=True))


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in IDENTITY)


def _tried(method: Method, case: Case, row: Row, args: argparse.Namespace) -> Row:
    """What came of one photo: measures, or why it was refused. Alpha is kept for pictures."""
    photo = encoded(case, row["encoding"])
    size = {"width": photo.shape[1], "height": photo.shape[0]}
    try:
        colours, alpha, cpu, doubt = method(photo)
    except Exception as error:
        fault = "" if isinstance(error, ItemError) else f"FAULT {type(error).__name__}: "
        return size | {"refused": fault + str(error), "iou": 0.0, "good": False}
    path = _alpha_path(row, args)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(alpha).save(path)
    found = measured(case, alpha, colours)
    told = {"doubt": doubt, "cut_iou": found["iou"], "cut_holes": found["holes"]}
    row = size | {"refused": None, "cpu_s": round(cpu, 3)} | found | told
    if doubt <= DOUBTFUL:
        return row
    return row | {"refused": f"doubtful ({doubt:.2f})", "iou": 0.0, "good": False}


def _alpha_path(row: Row, args: argparse.Namespace) -> Path:
    name = "-".join(str(row[key]) for key in ("product", "ground", "encoding", "code"))
    folder: Path = args.work / "alphas" / f"{VERSION}-{row['split']}" / row["method"]
    return folder / f"{name.replace(', ', '_').replace(' ', '_')}.png"


# --- table ------------------------------------------------------------------------------------------------


def table(rows: list[Row], grounds: list[str]) -> None:
    """Print every ground, then all of them, a line for each method."""
    heads = "n;refused;IoU;[95 %];accepted;alpha;band;edge;holes;white;good;colour;CPU s".split(";")
    widths = (4, 8, 6, 15, 9, 7, 7, 7, 6, 6, 6, 7, 7)
    print(f"{'':35}" + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)))
    for ground in [*grounds, "all"]:
        of_ground = [row for row in rows if ground in (row["ground"], "all")]
        for name, own in _by(of_ground, _label).items():
            cells = zip(_cells(own), widths, strict=True)
            print(f"{ground:19}{name:16}" + "".join(f"{text:>{width}}" for text, width in cells))
            ground = ""
    _differences(rows)
    _told(rows)


def _label(row: Row) -> str:
    earlier = row["method"] == "this" and row["code"] != code_of("this")
    return "earlier" if earlier else str(row["method"])


def _by(rows: list[Row], name: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[name(row)].append(row)
    return groups


def _cells(rows: list[Row]) -> list[str]:
    accepted = [row for row in rows if not row["refused"]]
    mean, low, high = interval(_means(rows, "iou"))
    cells = [f"{len(rows)}", f"{100 - 100 * len(accepted) / len(rows):.0f}", f"{mean:.3f}"]
    cells.append(f"[{low:.3f} {high:.3f}]")
    for name, form in (("iou", ".3f"), ("alpha", ".1f"), ("band", ".2f"), ("edge", ".2f")):
        cells.append(_mean(accepted, name, form))
    cells += [_share(accepted, "holes"), _share(accepted, "white")]
    cells.append(f"{100 * sum(bool(row['good']) for row in rows) / len(rows):.0f}")
    return [*cells, _mean(accepted, "colour", ".1f"), _mean(accepted, "cpu_s", ".2f")]


def _means(rows: list[Row], name: str) -> list[float]:
    """A mean for each product."""
    given = [row for row in rows if row.get(name) is not None]
    products_of = _by(given, lambda row: str(row["product"]))
    return [float(np.mean([row[name] for row in own])) for own in products_of.values()]


def _mean(rows: list[Row], name: str, form: str) -> str:
    means = _means(rows, name)
    return f"{float(np.mean(means)):{form}}" if means else "-"


def _share(rows: list[Row], name: str) -> str:
    """Percent of all holes, or white parts, that are right."""
    right = [one for row in rows for one in row[name]]
    return f"{100 * sum(right) / len(right):.0f}" if right else "-"


def _differences(rows: list[Row]) -> None:
    """IoU of ``this`` less that of each other method on the same photos, paired by product."""
    tables = {
        name: {(row["product"], row["ground"], row["encoding"]): row["iou"] for row in own}
        for name, own in _by(rows, _label).items()
    }
    for name, theirs in tables.items():
        common = [key for key in theirs if key in tables.get("this", {})]
        if name == "this" or not common:
            continue
        off = [{"product": key[0], "off": tables["this"][key] - theirs[key]} for key in common]
        mean, low, high = interval(_means(off, "off"))
        print(f"IoU of this - {name}: {mean:+.3f} [{low:+.3f} {high:+.3f}] on {len(common)} photos")


def _told(rows: list[Row]) -> None:
    """How well the doubt of ``this`` tells ruined cut-outs from sound ones."""
    own = [row for row in rows if _label(row) == "this" and "doubt" in row]
    ruined = [row["doubt"] for row in own if is_ruined(row["cut_iou"], row["cut_holes"])]
    sound = [row["doubt"] for row in own if row["cut_iou"] >= SOUND and all(row["cut_holes"])]
    if not ruined or not sound:
        return
    pairs = np.array(ruined)[:, None] - np.array(sound)
    area = float((pairs > 0).mean() + 0.5 * (pairs == 0).mean())
    shares = [100 * sum(doubt > DOUBTFUL for doubt in group) / len(group) for group in (ruined, sound)]
    print(
        f"doubt: AUC {area:.2f} between {len(ruined)} ruined and {len(sound)} sound cut-outs; "
        f"told: {shares[0]:.0f} % of the ruined, {shares[1]:.0f} % of the sound"
    )


# --- pictures ---------------------------------------------------------------------------------------------


def worst(rows: list[Row], args: argparse.Namespace) -> None:
    """Pictures of each method's worst photos and of those that it refused, named by rank."""
    truths = _truths({row["product"] for row in rows}, args)
    for name, own in _by(rows, _label).items():
        for rank, row in enumerate(sorted(own, key=lambda row: float(row["iou"]))[: args.worst]):
            case = make_case(truths[row["product"]], row["ground"], args.split, args.work)
            path = _alpha_path(row, args)
            alpha = None if row["refused"] or not path.is_file() else np.array(Image.open(path))
            picture = compared(case, encoded(case, row["encoding"]), alpha, str(row["refused"]))
            args.pictures.mkdir(parents=True, exist_ok=True)
            picture.save(args.pictures / f"{name}-{rank:03}-{row['iou']:.3f}-{path.stem}.jpg", quality=90)


def _truths(names: set[str], args: argparse.Namespace) -> dict[str, Truth]:
    """The products of these names; others may have to be rendered first."""
    found: dict[str, Truth] = {}
    for opener, _ in sorted(products(args.split, args.work), key=lambda pair: not pair[1]):
        if names <= set(found):
            break
        truth = opener()
        found[truth.name] = truth
    return found


# --- command ----------------------------------------------------------------------------------------------


def _arguments() -> argparse.Namespace:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    listed = lambda text: text.split(";")  # noqa: E731
    add = parser.add_argument
    add("--photos", nargs=2, type=Path, metavar=("DIR", "OUT"), help="real photos instead")
    add("--split", choices=("tune", "test"), default="tune")
    add(
        "--work",
        type=Path,
        default=ROOT / "scratch" / "cutout",
        help="what is slow is kept here, and the rows",
    )
    add("--limit", type=int, default=1000, metavar="N", help="the first N products of each ground")
    add("--grounds", type=listed, default=list(GROUNDS), help=f"of {'; '.join(GROUNDS)}; joined by ';'")
    add("--methods", type=listed, default=list(METHODS), help=f"of {'; '.join(METHODS)}; joined by ';'")
    add("--encodings", choices=("one", "all"), default="one", help="one: a PNG or a JPEG, drawn; all: three")
    add("--before", metavar="PYTHON", help="interpreter for the method before")
    add("--network", default="auto", help="cut-out source of the methods network and network+matting")
    add("--pictures", type=Path, metavar="DIR", help="write the worst cut-outs of each method")
    add("--worst", type=int, default=24, metavar="N", help="how many of them")
    args = parser.parse_args()
    for name, known in (("grounds", GROUNDS), ("methods", METHODS)):
        if unknown := [one for one in getattr(args, name) if one not in known]:
            parser.error(f"--{name}: {unknown[0]!r} is none of {'; '.join(known)}")
    return args


def main() -> None:
    args = _arguments()
    if args.photos:
        look_at(*args.photos)
        return
    rows = run(args)
    if not rows:
        raise SystemExit("no rows: no method is available")
    table(rows, args.grounds)
    if args.pictures:
        worst(rows, args)


if __name__ == "__main__":
    main()
