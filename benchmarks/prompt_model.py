"""What the prompt model is worth on products it has never seen, and on real shop titles.

Usage: python benchmarks/prompt_model.py MARKET [--model embedded] [--split test] [--products 300]
           [--titles benchmarks/real_titles.jsonl] [--photos tiny.json --groups groups.json] [--json out.json]

The scene language must understand every word of a prompt, the frozen truth of the market must call its
background suitable, and the shape must be named from the photo alone. Titles are asked with a photo of a
held-out product of the expected group, because a shop never has a title alone.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from scipy.stats import binomtest

from caig_cli.data.products import read_products
from caig_cli.engine.report import make_reporter
from caig_cli.engine.runtime import choose_device, derive_seed
from caig_cli.market.truth import load_truth
from caig_cli.mllm.instructions import instruction
from caig_cli.mllm.prompt_model import PromptModel
from caig_cli.painters.studio.language import read

TARGETS = {
    "understood": 0.98,
    "match": 0.75,
    "shape": 0.90,
    "category": 0.95,
    "distinct": 0.90,
    "real_titles_match": 0.75,
    "real_photos_match": 0.75,
}
SAMPLES = 4
ARTICLES = ("a ", "an ", "the ")


@dataclass
class Tally:
    """Hits and trials of each figure, and examples of what went wrong."""

    hits: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    of: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    misses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, figure: str, hit: bool, what: str) -> None:
        self.hits[figure] += hit
        self.of[figure] += 1
        if not hit:
            self.misses[figure].append(what)

    def result(self) -> dict[str, dict[str, Any]]:
        rows = {}
        for name, n in self.of.items():
            low, high = binomtest(self.hits[name], n).proportion_ci(method="wilson")
            rows[name] = {
                "value": self.hits[name] / n,
                "ci": [low, high],
                "n": n,
                "target": TARGETS.get(name),
            }
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("market", type=Path, help="folder made by caig market")
    parser.add_argument("--model", default="embedded", help="embedded, a model folder or an adapter folder")
    parser.add_argument("--split", default="test", help="held-out split of the market")
    parser.add_argument("--products", type=int, default=300, help="products to ask about, at most")
    parser.add_argument("--titles", type=Path, help="JSON lines with id, title, group")
    parser.add_argument("--photos", type=Path, help="real products with photos, as generate takes them")
    parser.add_argument("--groups", type=Path, help="JSON: product id -> expected group, for --photos")
    parser.add_argument(
        "--temperature", type=float, default=1.0, help="of the sampled prompts, as in generate"
    )
    parser.add_argument("--top-p", type=float, default=0.9, help="of the sampled prompts, as in generate")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    asker = Asker(PromptModel.load(args.model, choose_device("cpu", "fp32")), args.temperature, args.top_p)
    tally = Tally()
    market = held_out(args.market, args.split)
    ask_market(asker, tally, args.market, market[: args.products])
    if args.titles:
        ask_titles(asker, tally, args.market, market, args.titles)
    if args.photos:
        ask_photos(asker, tally, args.photos, json.loads(args.groups.read_text("utf-8")))
    show(tally, args.json)


@dataclass
class Asker:
    """Asks the model with fixed sampling settings."""

    model: PromptModel
    temperature: float
    top_p: float

    def prompts(self, image: Image.Image, key: str, **known: Any) -> list[str]:
        """Four background prompts."""
        seeds = [derive_seed("prompt model benchmark", key, i) for i in range(SAMPLES)]
        question = instruction("write", **known)
        return self.model.write_prompts(
            image, question, seeds=seeds, temperature=self.temperature, top_p=self.top_p
        )

    def name(self, task: str, image: Image.Image, **known: Any) -> str:
        """The likeliest short answer, without its article."""
        answer = self.model.write_prompts(image, instruction(task, **known), seeds=[0], temperature=0)[0]
        return next((answer.removeprefix(a) for a in ARTICLES if answer.startswith(a)), answer).rstrip(".")


def held_out(market: Path, split: str) -> list[dict[str, Any]]:
    """The split's products with what is true of them, in an order that mixes categories."""
    facts = [json.loads(line) for line in (market / "catalogue.jsonl").read_text("utf-8").splitlines()]
    shown = {p["id"]: p for p in json.loads((market / "products.json").read_text("utf-8"))}
    rows = [{**fact, **shown[fact["id"]]} for fact in facts if fact["split"] == split]
    random.Random(0).shuffle(rows)
    return rows


def ask_market(asker: Asker, tally: Tally, market: Path, products: list[dict[str, Any]]) -> None:
    truth = load_truth()
    with make_reporter().progress("market products", len(products)) as bar:
        for product in products:
            image = Image.open(market / product["image"]).convert("RGBA")
            known = {"caption": product.get("new_caption"), "attributes": product.get("attributes")}
            prompts = asker.prompts(image, product["id"], **known)
            for prompt in prompts:
                reading = read(prompt)
                tally.add("understood", not reading.ignored, f"{reading.ignored} in {prompt}")
                fits = truth.match(product["category"], reading.scene)
                tally.add("match", fits, f"{product['category']}, {known['caption']}: {prompt}")
            for index, prompt in enumerate(prompts):
                tally.add("distinct", prompt not in prompts[:index], prompt)
            shape = asker.name("shape", image)
            tally.add("shape", shape == product["shape"].lower(), f"{product['shape']} called {shape}")
            if known["caption"]:
                category = asker.name("category", image, **known)
                right = category == product["category"].lower()
                tally.add("category", right, f"{product['category']} called {category}: {known['caption']}")
            bar.advance()


def ask_titles(
    asker: Asker, tally: Tally, market: Path, products: list[dict[str, Any]], titles: Path
) -> None:
    groups = load_truth().groups
    for row in map(json.loads, titles.read_text("utf-8").splitlines()):
        of_group = [p for p in products if p["group"] == row["group"]]
        stand_in = random.Random(row["id"]).choice(of_group or products)
        image = Image.open(market / stand_in["image"]).convert("RGBA")
        for prompt in asker.prompts(image, row["id"], caption=row["title"]):
            fits = groups[row["group"]].suits(read(prompt).scene)
            tally.add("real_titles_match", fits, f"{row['group']}, {row['title']}: {prompt}")


def ask_photos(asker: Asker, tally: Tally, source: Path, expected: Mapping[str, str]) -> None:
    groups = load_truth().groups
    for product in read_products(source)[0]:
        image = Image.open(product.image).convert("RGBA")
        group = expected[product.id]
        for prompt in asker.prompts(image, product.id, caption=product.caption):
            fits = groups[group].suits(read(prompt).scene)
            tally.add("real_photos_match", fits, f"{group}, {product.caption}: {prompt}")


def show(tally: Tally, target: Path | None) -> None:
    """A table and a few misses for people, and the figures as JSON."""
    figures = tally.result()
    rows = []
    for name, row in figures.items():
        low, high = row["ci"]
        goal = "" if row["target"] is None else f"{row['target']:.0%}"
        rows.append([name, f"{row['value']:.1%}", f"{low:.1%} to {high:.1%}", row["n"], goal])
    report = make_reporter()
    report.table("prompt model", ["figure", "share", "95 %", "n", "target"], rows)
    for name, misses in tally.misses.items():
        for miss in misses[:5]:
            report.info(f"missed {name}: {miss}")
    text = json.dumps(figures, indent=2)
    if target is not None:
        target.write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
