"""What it is worth to sample more prompts than are tried and to try the most usual, by the market's truth.

    python benchmarks/oversample.py MARKET [--products 200] [--tried 8] [--model embedded]

MARKET is a folder made by caig market (its ads are not needed: --ads-per-product 0). For each product 32
prompts are sampled, nothing is painted; of the first n of them the most usual are taken
(caig_cli/painters/consistency.py), and the same where those with things that don't belong with the product
come last (caig_cli/painters/belonging.py).
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from caig_cli.cutouts.loading import load_cutout
from caig_cli.data.products import read_products
from caig_cli.engine.report import make_reporter
from caig_cli.engine.runtime import choose_device, derive_seed
from caig_cli.intervals import share_interval
from caig_cli.market.known import open_oracle
from caig_cli.mllm.prompt_model import PromptModel, Sampler
from caig_cli.painters.belonging import clashes, clashing
from caig_cli.painters.consistency import most_usual
from caig_cli.painters.registry import word_reader

MOST, TOGETHER = 32, 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("market", type=Path)
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--tried", type=int, default=8)
    parser.add_argument("--model", default="embedded")
    args = parser.parse_args()
    source = args.market / "products.json"
    oracle, products = open_oracle(source), read_products(source)[0][: args.products]
    if oracle is None:
        raise SystemExit(f"{source}: not a market made by caig market")
    writer, read, report = (
        PromptModel.load(args.model, choose_device("cpu", "fp32")),
        word_reader("studio"),
        make_reporter(),
    )
    prompts: dict[str, list[str]] = {}
    began = time.process_time()
    with report.progress("asking", len(products)) as bar:
        for start in range(0, len(products), TOGETHER):
            group = products[start : start + TOGETHER]
            written = writer.write_many(
                [Image.fromarray(load_cutout(one, lambda _: None).rgba) for one in group],
                [writer.question.ask(one) for one in group],
                seeds=[[derive_seed("oversample", one.id, k) for k in range(MOST)] for one in group],
                sampler=Sampler(),
            )
            prompts |= {one.id: texts for one, texts in zip(group, written, strict=True)}
            bar.advance(len(group))
    seconds = (time.process_time() - began) / len(products) / MOST
    unwanted = {one.id: clashing(one, "stand") for one in products}
    odd = {name: {text: clashes(text, unwanted[name]) for text in texts} for name, texts in prompts.items()}
    rows = []
    for drawn, sorted_out in product((1, 2, 3, 4), (False, True)):
        if drawn * args.tried > MOST or (drawn == 1 and sorted_out):
            continue
        kept = {
            name: most_usual(texts[: drawn * args.tried], args.tried, read,
                             odd[name].__getitem__ if sorted_out else lambda _: 0)
            for name, texts in prompts.items()
        }  # fmt: skip
        worth = [(name, oracle.worth(name, text)) for name, texts in kept.items() for text in texts]
        match = np.array([float(one.match) for _, one in worth])
        low, high = share_interval(match, [name for name, _ in worth])
        best = [max(oracle.worth(name, text).ctr for text in texts) for name, texts in kept.items()]
        distinct = np.mean(
            [len({frozenset(read(text)) for text in texts}) / len(texts) for texts in kept.values()]
        )
        clash = np.mean([odd[name][text] > 0 for name, texts in kept.items() for text in texts])
        rows.append([
            f"{args.tried} of {drawn * args.tried}" + (", that belong" if sorted_out else ""),
            f"{match.mean():.1%} [{low:.1%}, {high:.1%}]", f"{np.mean([one.ctr for _, one in worth]):.3%}",
            f"{np.mean(best):.3%}", f"{distinct:.0%}", f"{clash:.0%}",
        ])  # fmt: skip
    head = ["tried", "background suits (95 %)", "true CTR", "of the best", "different sets", "clash"]
    report.table(
        f"{len(products)} products of the simulated market; {seconds:.3f} CPU s a prompt", head, rows
    )


if __name__ == "__main__":
    main()
