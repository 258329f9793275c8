"""Makes a market on disk, item by item: a killed build goes on where it was, all bytes follow from the seed.

Pictures are made by workers and written here, each atomically; what they show is known beforehand, so
titles, dialogues, logs and truth need no picture (only a product's mean lightness is read from its photo).
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from caig_cli.cutouts.cutout import Cutout
from caig_cli.engine import pages
from caig_cli.engine.files import png_bytes, to_json
from caig_cli.engine.report import Reporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.runtime import derive_seed
from caig_cli.engine.workers import Workers, start_workers
from caig_cli.market import clicks
from caig_cli.market.catalogue import SPLITS, CatalogueItem, item
from caig_cli.market.dialogues import ad_dialogues, photo_dialogues
from caig_cli.market.photos import photograph
from caig_cli.market.scenes import ad_prompt, ad_scenes
from caig_cli.market.shapes import SHAPES
from caig_cli.market.truth import load_truth
from caig_cli.painters import Shot
from caig_cli.painters.registry import PAINTERS, PainterConfig
from caig_cli.painters.studio.threads import one_thread

SHEET_SIDE = 12
"""Pictures in a row of the contact sheet, and rows, at most."""
SHEET_CELL = 112
"""Pixels of a picture on it."""


@dataclass(frozen=True, slots=True)
class MarketPlan:
    """What a market has: ``products`` with ads, then ``photo_products`` with only photo and dialogues."""

    seed: int
    products: int
    photo_products: int
    ads_per_product: int
    photo_size: int  # pixels of a photo's longer side
    ad_size: int  # pixels of an ad's sides
    dialogues_per_product: int
    painter: str

    def items(self) -> Iterator[CatalogueItem]:
        """All products in order, made anew each time: a catalogue need not fit into memory."""
        return (item(self.seed, index) for index in range(self.products + self.photo_products))

    def ads(self, of: CatalogueItem) -> int:
        """Number of ads of a product."""
        return self.ads_per_product if of.index < self.products else 0


def build_market(plan: MarketPlan, run: RunDir, report: Reporter, workers: int) -> dict[str, Any]:
    """Make whatever of the market is not there yet; returns its summary."""
    with start_workers(workers, one_thread) as pool:
        with run.timed("photos"):
            _photos(plan, run, report, pool)
        with run.timed("dialogues"):
            counts = _dialogues(plan, run, report, pool)
        with run.timed("ads"):
            _ads(plan, run, report, pool)
    with run.timed("records"):
        summary = _records(plan, run) | {"dialogues": counts}
    run.save_png("contact_sheet.png", _sheet(plan, run), {})
    run.write_json("summary.json", summary)
    return summary


def photo_name(of: CatalogueItem) -> str:
    """Path of a product's photo, relative to the market."""
    return f"products/{of.id}.png"


def ad_name(of: CatalogueItem, number: int) -> str:
    """Path of one of a product's ads, relative to the market."""
    return f"ads/{of.id}/{number}.png"


def _sheet(plan: MarketPlan, run: RunDir) -> Image.Image:
    """Photos with their ads beside them, as many products in a row as fit; photos fill what is left."""
    across = 1 + min(plan.ads_per_product, SHEET_SIDE - 1)
    columns = SHEET_SIDE // across * across
    names = (
        name
        for of in plan.items()
        for name in (
            photo_name(of),
            *(ad_name(of, number) for number in range(min(plan.ads(of), across - 1))),
        )
    )
    paths = (run.path / name for name in names)
    most = columns * SHEET_SIDE
    shown = list(islice((path for path in paths if path.is_file()), most))
    return pages.contact_sheet(shown, columns=columns, cell=SHEET_CELL, most=most)


# --- pictures: each function below the first two runs in a worker -----------------------------------------


def _photos(plan: MarketPlan, run: RunDir, report: Reporter, pool: Workers) -> None:
    missing = [i.index for i in plan.items() if not run.has_image(photo_name(i))]
    make = partial(make_photo, plan.seed, size=plan.photo_size)
    with report.progress("product photos", len(missing)) as bar:
        for index, png in zip(missing, pool.each(make, missing), strict=True):
            run.write_bytes(photo_name(item(plan.seed, index)), png)
            bar.advance()


def _ads(plan: MarketPlan, run: RunDir, report: Reporter, pool: Workers) -> None:
    missing = [
        (i.index, number)
        for i in plan.items()
        for number in range(plan.ads(i))
        if not run.has_image(ad_name(i, number))
    ]
    make = partial(_ad_of_job, plan, run.path)
    with report.progress("ads", len(missing)) as bar:
        for (index, number), png in zip(missing, pool.each(make, missing), strict=True):
            run.write_bytes(ad_name(item(plan.seed, index), number), png)
            bar.advance()


def make_photo(seed: int, index: int, *, size: int) -> bytes:
    """PNG of product ``index``, RGBA, its longer side ``size`` pixels."""
    one = item(seed, index)
    parts = SHAPES[one.shape].build(random.Random(derive_seed("shape", one.seed)), one.look)
    return png_bytes(photograph(parts, size, derive_seed("photo", one.seed)), {})


def _ad_of_job(plan: MarketPlan, folder: Path, job: tuple[int, int]) -> bytes:
    one, number = item(plan.seed, job[0]), job[1]
    photo = Image.open(folder / photo_name(one)).convert("RGBA")
    prompt = ad_prompt(one, number, ad_scenes(one, number + 1)[number])
    seed = derive_seed("ad", one.seed, number)
    size = (plan.ad_size, plan.ad_size)
    shot = Shot(Cutout(np.array(photo)), prompt, size, seed, height_cm=one.height_cm)
    return png_bytes(PAINTERS[plan.painter].build(PainterConfig()).paint([shot])[0], {})


# --- words ------------------------------------------------------------------------------------------------


def _dialogues(plan: MarketPlan, run: RunDir, report: Reporter, pool: Workers) -> dict[str, int]:
    """One file per split; returns how many dialogues each has."""
    paths = {split: run.path / f"dialogues_{split}.json" for split in SPLITS}
    if all(run.has(path.name) for path in paths.values()):
        return {split: path.read_bytes().count(b"\n{") for split, path in paths.items()}
    total = plan.products + plan.photo_products
    lines: dict[str, list[str]] = {split: [] for split in SPLITS}
    with report.progress("dialogues of products", total) as bar:
        indices = range(total)
        for index, found in zip(indices, pool.each(partial(_dialogues_of, plan), indices), strict=True):
            lines[item(plan.seed, index).split] += found
            bar.advance()
    for split, path in paths.items():
        rows = lines[split]
        run.write_text(path.name, "[\n" + ",\n".join(rows) + "\n]\n")
    return {split: len(rows) for split, rows in lines.items()}


def _dialogues_of(plan: MarketPlan, index: int) -> list[str]:
    one = item(plan.seed, index)
    rows = list(photo_dialogues(one, photo_name(one), plan.dialogues_per_product))
    for number, scene in enumerate(ad_scenes(one, plan.ads(one))):
        rows += ad_dialogues(one, ad_name(one, number), number, scene)
    return [to_json(row) for row in rows]


# --- records and truth ------------------------------------------------------------------------------------


def _records(plan: MarketPlan, run: RunDir) -> dict[str, Any]:
    """Products, splits, logs and the truth behind them; returns counts and true rates."""
    products, catalogue, ads = [], [], []
    logs: dict[str, list[clicks.LogRow]] = {split: [] for split in SPLITS}
    splits: dict[str, list[str]] = {split: [] for split in SPLITS}
    for one in plan.items():
        light = lightness(run.path / photo_name(one))
        products.append(product_record(one))
        catalogue.append(catalogue_record(one, light))
        splits[one.split].append(one.id)
        for row in ad_truth(one, light, plan.ads(one)):
            ads.append(row)
            logs[one.split] += clicks.log_rows(one, row["image"], row["number"], row["ctr"])
    run.write_json("products.json", products)
    run.write_json("splits.json", splits)
    run.write_text("catalogue.jsonl", _lines(catalogue))
    run.write_text("ground_truth.jsonl", _lines(ads))
    for split, rows in logs.items():
        run.write_text(f"logs/creative_ranking_{split}.txt", clicks.creative_ranking(rows))
        run.write_text(f"logs/clicks_{split}.csv", clicks.plain_csv(rows))
    matches = [row["match"] for row in ads]
    return {
        "products": len(products),
        "ads": len(ads),
        "splits": {split: len(ids) for split, ids in splits.items()},
        "match_rate": sum(matches) / len(matches) if matches else None,
        "mean_ctr": sum(row["ctr"] for row in ads) / len(ads) if ads else None,
    }


def product_record(one: CatalogueItem) -> dict[str, Any]:
    """The product as users' product files have it (``tiny.json``); nothing of the truth is in it."""
    record: dict[str, Any] = {"id": one.id, "image": photo_name(one)}
    if one.caption is not None:
        record["new_caption"] = one.caption
    return record | {"attributes": dict(one.attributes)}


def catalogue_record(one: CatalogueItem, light: float) -> dict[str, Any]:
    """What is true of the product; ``lightness`` is its photo's mean, 0 to 1."""
    return {
        "id": one.id, "split": one.split, "category": one.category, "group": one.group, "shape": one.family,
        "noun": one.look.noun, "colours": [one.look.main, one.look.accent], "height_cm": one.height_cm,
        "lightness": light,
    }  # fmt: skip


def ad_truth(one: CatalogueItem, light: float, count: int) -> Iterator[dict[str, Any]]:
    """For each ad its scene, whether that suits the product, and the true click-through rate."""
    truth = load_truth()
    for number, scene in enumerate(ad_scenes(one, count)):
        yield {
            "item_id": one.id, "number": number, "image": ad_name(one, number), "split": one.split,
            "prompt": ad_prompt(one, number, scene), "scene": asdict(scene),
            "match": truth.match(one.category, scene), "appeal": round(truth.appeal(scene), 6),
            "ctr": round(truth.ctr(one.id, one.category, light, scene), 8),
        }  # fmt: skip


def lightness(photo: Path) -> float:
    """Mean perceived lightness of a photo's product pixels, 0 to 1, weighted by their alpha."""
    rgba = np.asarray(Image.open(io.BytesIO(photo.read_bytes())).convert("RGBA"), np.float64) / 255
    weight = rgba[..., 3]
    luma = rgba[..., :3] @ np.array([0.2126, 0.7152, 0.0722])
    return round(float((luma * weight).sum() / max(float(weight.sum()), 1e-9)), 4)


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(to_json(row) + "\n" for row in rows)
