"""What each loss and each negative of ``caig pcpo`` is worth on the simulated market, whose truth is known.

    python benchmarks/pcpo_ablation.py MARKET HELDOUT OUT [--lines dpo pcpo ...] [--seeds 0 1 2] [--minutes 8]
    python benchmarks/pcpo_ablation.py MARKET HELDOUT OUT --only-table

MARKET is learnt from. HELDOUT is another market, of another seed, whose products nobody has seen; for every
one of them 8 prompts are asked (nothing is painted), and the frozen truth says what they are worth: true
expected CTR, and whether the background suits the product. Each call works for some minutes at most and can
be repeated: runs are resumed, and what is measured is appended to OUT/measured.jsonl.

The table compares every line with the start, product by product. Intervals are a hierarchical bootstrap over
seeds and products. Headroom is the way from the start to the best scene that suits each product.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import product as crossed
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from caig_cli.cutouts.loading import load_cutout
from caig_cli.data.products import read_products
from caig_cli.engine.files import append_lines, read_lines
from caig_cli.engine.report import make_reporter
from caig_cli.engine.runtime import choose_device, derive_seed
from caig_cli.market.known import Known, Oracle, open_oracle
from caig_cli.market.truth import load_truth
from caig_cli.mllm.prompt_model import PromptModel, Sampler
from caig_cli.mllm.questions import OURS
from caig_cli.painters.studio.scene import CHOICES, MAX_PROPS, Scene
from caig_cli.records import Product

LINES: Mapping[str, Sequence[str]] = {
    "dpo": ["pcpo.loss=dpo"],
    "pcpo": ["pcpo.loss=pcpo"],
    "pcpo+nll": ["pcpo.loss=pcpo", "pcpo.nll_weight=1.0"],
    "pcpo-mask-only": ["pcpo.loss=pcpo", "negatives.caption=0"],
    "pcpo-caption-only": ["pcpo.loss=pcpo", "negatives.mask=0"],
}
START = "start"
PROMPTS = 8
TOGETHER = 16
DRAWS = 2000
UNRESOLVED = 0.005
"""Standard error (of a share) above which a difference is not called one."""

Floats = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("market", type=Path, help="folder made by caig market, to learn from")
    parser.add_argument("heldout", type=Path, help="another one, to measure on")
    parser.add_argument("out", type=Path, help="folder of runs and measurements")
    parser.add_argument("--lines", nargs="+", choices=LINES, default=list(LINES), help="what to compare")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="seeds of each line")
    parser.add_argument("--products", type=int, default=2000, help="held-out products, at most")
    parser.add_argument("--minutes", type=float, default=8.0, help="how long this call may work")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--set", action="append", default=[], help="any recipe value, for all lines")
    parser.add_argument("--only-table", action="store_true", help="show what is measured so far")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    asked = Asked(args.heldout, args.products)
    if not args.only_table:
        work(args, asked, time.monotonic() + 60 * args.minutes)
    table(asked, measured(args.out), args.out)


# --- work ------------------------------------------------------------------------------------------


def work(args: argparse.Namespace, asked: Asked, deadline: float) -> None:
    """Whatever is still to do, in an order in which early results compare all lines with one seed."""
    report = make_reporter()
    measure(START, 0, "embedded", asked, args.out, deadline)
    for seed, line in crossed(args.seeds, args.lines):
        out = args.out / f"{line}-{seed}"
        if time.monotonic() > deadline or not learn(args, line, seed, out, deadline):
            report.warn("time is up; call again to go on")
            return
        measure(line, seed, str(out / "adapter"), asked, args.out, deadline)


def learn(args: argparse.Namespace, line: str, seed: int, out: Path, deadline: float) -> bool:
    """Start or resume the run of a line; False where time is up before it ends."""
    status = out / "run.json"
    known = json.loads(status.read_text())["status"] if status.is_file() else None
    if known == "done":
        return True
    command = [sys.executable, "-m", "caig_cli", "pcpo", "--products", str(args.market / "products.json")]
    command += ["--out", str(out), "--seed", str(seed), "--threads", str(args.threads), "--quiet"]
    command += ["--resume"] if known else []
    for value in [*LINES[line], *args.set]:
        command += ["--set", value]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        return process.wait(max(1.0, deadline - time.monotonic())) in (0, 3)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()
        return False


class Asked:
    """The held-out products, and the best that could be said of them."""

    def __init__(self, market: Path, most: int) -> None:
        source = market / "products.json"
        oracle = open_oracle(source)
        if oracle is None:
            raise SystemExit(f"{source}: not a market made by caig market")
        self.oracle: Oracle = oracle
        self.products = read_products(source)[0][:most]

    def best(self) -> Floats:
        """CTR of the best scene that suits each product, [products]."""
        return np.array([best_rate(one.id, self.oracle.products[one.id]) for one in self.products])


def measure(line: str, seed: int, model: str, asked: Asked, out: Path, deadline: float) -> None:
    """Ask the model about all products that it has not been asked about; rows are appended as they come."""
    done = {
        row["product"]
        for row in read_lines(out / "measured.jsonl")
        if (row["line"], row["seed"]) == (line, seed)
    }
    todo = [product for product in asked.products if product.id not in done]
    if not todo:
        return
    writer = PromptModel.load(model, choose_device("cpu", "fp32"))
    with make_reporter().progress(f"asking {line} {seed}", len(todo)) as bar:
        for start in range(0, len(todo), TOGETHER):
            if time.monotonic() > deadline:
                return
            group = todo[start : start + TOGETHER]
            append_lines(out / "measured.jsonl", list(ask(writer, line, seed, group, asked.oracle)))
            bar.advance(len(group))


def ask(
    writer: PromptModel, line: str, seed: int, group: Sequence[Product], oracle: Oracle
) -> Iterator[dict[str, Any]]:
    """One row per product: mean true CTR and matching share of its prompts, with the same seeds always."""
    from PIL import Image

    written = writer.write_many(
        [Image.fromarray(load_cutout(one, print).rgba) for one in group],
        [OURS.ask(one) for one in group],
        seeds=[[derive_seed("ablation", one.id, k) for k in range(PROMPTS)] for one in group],
        sampler=Sampler(),
    )
    for one, prompts in zip(group, written, strict=True):
        worth = [oracle.worth(one.id, text) for text in prompts]
        best = max(worth, key=lambda w: w.ctr)
        yield {
            "line": line, "seed": seed, "product": one.id,
            "ctr": sum(w.ctr for w in worth) / PROMPTS, "match": sum(w.match for w in worth) / PROMPTS,
            "distinct": len(set(prompts)) / PROMPTS, "best_ctr": best.ctr, "best_match": float(best.match),
        }  # fmt: skip


def best_rate(product_id: str, known: Known) -> float:
    """Highest true CTR of a product over all scenes that suit it: the terms of a scene add up."""
    truth = load_truth()
    group, appeal = truth.group_of[known.category], truth.appeal_table
    free = [field for field in CHOICES if field not in ("surface", "backdrop", "light", "mood")]
    chosen = {field: max(CHOICES[field], key=lambda word, f=field: appeal[f][word]) for field in free}
    lights = [light for light in CHOICES["light"] if light not in group.clashing_lights]
    chosen["light"] = max(lights, key=lambda word: appeal["light"][word])
    props = sorted(set(appeal["props"]) - set(group.clashing_props), key=lambda prop: -appeal["props"][prop])
    good = tuple(prop for prop in props[:MAX_PROPS] if appeal["props"][prop] > 0)
    scenes = (
        Scene(**chosen, surface=surface, backdrop=backdrop, mood=mood, props=good)
        for surface in group.surfaces
        for backdrop in group.backdrops
        for mood in CHOICES["mood"]
    )
    return max(truth.ctr(product_id, known.category, known.lightness, scene) for scene in scenes)


# --- figures ---------------------------------------------------------------------------------------


def measured(out: Path) -> dict[str, dict[int, dict[str, dict[str, float]]]]:
    """line -> seed -> product -> row."""
    found: dict[str, dict[int, dict[str, dict[str, float]]]] = {}
    for row in read_lines(out / "measured.jsonl"):
        found.setdefault(row["line"], {}).setdefault(row["seed"], {})[row["product"]] = row
    return found


def table(asked: Asked, found: Mapping[str, Any], out: Path) -> None:
    """Every line against the start; and dpo's matching rate against pcpo's."""
    if START not in found:
        raise SystemExit("nothing is measured yet")
    ids = [one.id for one in asked.products if one.id in found[START][0]]
    place = {identifier: n for n, identifier in enumerate(ids)}
    best = asked.best()[[n for n, one in enumerate(asked.products) if one.id in place]]
    start = {key: np.array([found[START][0][i][key] for i in ids]) for key in ("ctr", "match")}
    rows, summary, match_of = [], [], {}
    for line in LINES:
        seeds = [rows_ for rows_ in found.get(line, {}).values() if all(i in rows_ for i in ids)]
        if not seeds:
            continue
        values = {k: np.array([[one[i][k] for i in ids] for one in seeds]) for k in ("ctr", "match")}
        match_of[line] = values["match"]
        summary.append({"line": line, "seeds": len(seeds), **compared(values, start, best)})
        rows.append(cells(summary[-1]))
    for line in (START, *LINES):
        report_best(line, found.get(line, {}), ids, float(start["ctr"].mean()), float(best.mean()))
    head = ["line", "seeds", "true CTR", "lift", "of headroom (95 %)", "match", "against the start (95 %)"]
    report = make_reporter()
    report.info(
        f"{len(ids)} held-out products of the simulated market x {PROMPTS} prompts; start: true CTR "
        f"{start['ctr'].mean():.3%}, match {start['match'].mean():.1%}; best matching scene {best.mean():.3%}"
    )
    report.table("caig pcpo on the simulated market", head, rows)
    if {"dpo", "pcpo"} <= match_of.keys():
        seeds = min(len(match_of["dpo"]), len(match_of["pcpo"]))
        gap = bootstrap(match_of["pcpo"][:seeds] - match_of["dpo"][:seeds])
        report.info(f"match of pcpo over dpo: {gap['mean']:+.1%} {span(gap['ci'], 1)}, se {gap['se']:.2%}")
        summary.append({"line": "pcpo - dpo", **gap})
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", "utf-8")


def report_best(line: str, seeds: Mapping[int, Any], ids: Sequence[str], start: float, most: float) -> None:
    """What the best of a product's prompts by the truth is worth: all that a perfect judge could choose."""
    rows = [of[i] for of in seeds.values() for i in ids if i in of and "best_ctr" in of[i]]
    if not rows:
        return
    ctr, match = (float(np.mean([row[key] for row in rows])) for key in ("best_ctr", "best_match"))
    make_reporter().info(
        f"{line}, best of {PROMPTS} by the truth ({len(rows)} products): true CTR {ctr:.3%}, "
        f"{(ctr - start) / (most - start):.0%} of headroom, match {match:.1%}"
    )


def compared(values: Mapping[str, Floats], start: Mapping[str, Floats], best: Floats) -> dict[str, Any]:
    """Figures of a line, [seeds, products], against those of the start, [products]."""
    room = float(best.mean() - start["ctr"].mean())
    gain, match = (bootstrap(values[key] - start[key]) for key in ("ctr", "match"))
    return {
        "ctr": float(values["ctr"].mean()),
        "lift": gain["mean"] / float(start["ctr"].mean()),
        "headroom": gain["mean"] / room,
        "headroom_ci": [edge / room for edge in gain["ci"]],
        "match": float(values["match"].mean()),
        "match_change": match["mean"],
        "match_ci": match["ci"],
        "match_se": match["se"],
        "resolved": match["se"] <= UNRESOLVED,
    }


def cells(entry: Mapping[str, Any]) -> list[str]:
    """A line of the table."""
    change = f"{entry['match_change']:+.1%} {span(entry['match_ci'], 1)}"
    return [
        entry["line"],
        str(entry["seeds"]),
        f"{entry['ctr']:.3%}",
        f"{entry['lift']:+.1%}",
        f"{entry['headroom']:.0%} {span(entry['headroom_ci'], 0)}",
        f"{entry['match']:.1%}",
        change if entry["resolved"] else f"{change} unresolved",
    ]


def bootstrap(value_SP: Floats) -> dict[str, Any]:
    """Mean of differences [seeds, products], its 95 % interval and standard error.

    Seeds are drawn, then products: the same ones for all seeds of a draw, because they were asked the same.
    """
    rng = np.random.default_rng(0)
    seeds, products = value_SP.shape
    means = np.empty(DRAWS)
    for draw in range(DRAWS):
        of_seed = value_SP[rng.integers(seeds, size=seeds)].mean(0)
        means[draw] = of_seed[rng.integers(products, size=products)].mean()
    low, high = np.percentile(means, (2.5, 97.5))
    return {"mean": float(value_SP.mean()), "ci": [float(low), float(high)], "se": float(means.std())}


def span(ends: Sequence[float], digits: int) -> str:
    low, high = ends
    return f"[{low:+.{digits}%}, {high:+.{digits}%}]"


if __name__ == "__main__":
    main()
