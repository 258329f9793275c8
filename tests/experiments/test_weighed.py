"""Pairs of an experiment's ads: propensities undo what good days do to unequal shares."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from caig_cli.cli import run
from caig_cli.engine.files import to_json
from caig_cli.experiments.plan_file import FILE, Period, read_plan, record

GOOD = (0.6, 1.7)
"""How much more often everything is clicked on two days."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Twelve products whose second ad is better by a tenth, and is shown on the bad day most."""
    rng = np.random.default_rng(0)
    (tmp_path / "ads").mkdir()
    for arm in ("a", "b"):
        with (tmp_path / f"{arm}.csv").open("w") as file:
            csv.writer(file).writerows(
                [("ad_id", "product"), *((f"{arm}{n:02d}x", f"P{n}") for n in range(12))]
            )
        for n in range(12):
            colour = tuple(rng.integers(0, 255, 3).tolist())
            Image.new("RGB", (8, 8), colour).save(tmp_path / f"ads/P{n}-{arm}{n:02d}x.png")
    arms = [f"{arm}={tmp_path / arm}.csv" for arm in ("a", "b")]
    given = [
        "experiment",
        "plan",
        "--arm",
        arms[0],
        "--arm",
        arms[1],
        "--out",
        str(tmp_path / "plan"),
        "--quiet",
    ]
    assert run(given) == 0
    plan = read_plan(tmp_path / "plan")
    shares = [{ad.id: share if ad.arm == "b" else 1 - share for ad in plan.ads} for share in (0.9, 0.2)]
    days = ("2026-12-01", "2026-12-02")
    periods = tuple(Period(day, 1, share) for day, share in zip(days, shares, strict=True))
    (tmp_path / "plan" / FILE).write_text(to_json(record(replace(plan, periods=periods))))
    with (tmp_path / "log.csv").open("w") as file:
        writer = csv.writer(file)
        writer.writerow(("Day", "Ad name", "Product", "Impressions", "Clicks"))
        for day, good, share in zip(days, GOOD, shares, strict=True):
            for ad in plan.ads:
                shown = round(60_000 * share[ad.id])
                rate = 0.03 * good * (1.1 if ad.arm == "b" else 1.0)
                row = (day, f"{ad.product}-{ad.id}", ad.product, shown, rng.binomial(shown, rate))
                writer.writerow(row)
    return tmp_path


def pairs(shop: Path, *more: str) -> list[dict[str, Any]]:
    given = [
        "pairs",
        str(shop / "log.csv"),
        "--images",
        str(shop / "ads"),
        "--min-ratio",
        "1",
        "--max-ratio",
        "4",
    ]
    assert run([*given, "--out", str(shop / "pairs.jsonl"), "--overwrite", "--quiet", *more]) == 0
    return [json.loads(line) for line in (shop / "pairs.jsonl").read_text().splitlines()]


def share_of_b(rows: list[dict[str, Any]], key: Callable[[dict[str, Any]], float]) -> float:
    return float(np.mean([key(row) if "-b" in row["left"] else 1 - key(row) for row in rows]))


def test_plain_sums_take_good_days_for_good_ads_and_propensities_do_not(shop: Path) -> None:
    plain, weighed = pairs(shop), pairs(shop, "--plan", str(shop / "plan"))
    assert len(plain) == len(weighed) == 12

    def wins(row: dict[str, Any]) -> float:
        return float(row["target"] == "left")

    assert share_of_b(plain, wins) == 0.0  # the better ad loses everywhere
    assert share_of_b(weighed, wins) > 0.9
    # Weighing costs impressions, and so certainty: no label is surer than the clicks let it be.
    assert sum(row["left_impressions"] for row in weighed) < sum(row["left_impressions"] for row in plain)
    assert 0.6 < share_of_b(weighed, lambda row: row["p_left"]) < 1.0


def test_the_plan_says_products_where_the_export_does_not(shop: Path) -> None:
    lines = [line.split(",") for line in (shop / "log.csv").read_text().splitlines()]
    known = pairs(shop, "--plan", str(shop / "plan"))
    rows = [",".join([day, name, *counts]) for day, name, _, *counts in lines]
    (shop / "log.csv").write_text("\n".join([*rows, "2026-12-01,some banner,5000,90"]) + "\n")
    shutil.copy(next((shop / "ads").glob("*.png")), shop / "ads" / "some banner.png")
    assert pairs(shop, "--plan", str(shop / "plan")) == known and len(known) == 12


def test_a_plan_of_other_ads_is_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = json.loads((shop / "plan" / FILE).read_text())
    for n, ad in enumerate(plan["ads"]):
        ad["id"] = f"other{n}"
    plan["periods"] = [{"first_day": None, "days": None, "propensity": {ad["id"]: 0.5 for ad in plan["ads"]}}]
    (shop / "other.json").write_text(json.dumps(plan))
    given = [
        "pairs",
        str(shop / "log.csv"),
        "--images",
        str(shop / "ads"),
        "--plan",
        str(shop / "other.json"),
    ]
    assert run([*given, "--out", str(shop / "pairs.jsonl")]) == 2
    assert "no ad of the plan is in the logs" in capsys.readouterr().err


def with_propensities(shop: Path, change: Callable[[float], object] = lambda share: share) -> None:
    """The log with a column of its own: what the plan says, changed."""
    plan = read_plan(shop / "plan")
    share = {(one.first_day, ad): value for one in plan.periods for ad, value in one.propensity.items()}
    rows = list(csv.reader((shop / "log.csv").open()))
    with (shop / "log.csv").open("w") as file:
        writer = csv.writer(file)
        writer.writerow([*rows[0], "propensity_score"])
        for row in rows[1:]:
            writer.writerow([*row, change(share[row[0], row[1].partition("-")[2]])])


def test_a_log_s_own_propensities_do_without_a_plan(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned, plain = pairs(shop, "--plan", str(shop / "plan")), pairs(shop)
    with_propensities(shop, lambda share: f"{share:.0%}")
    own = pairs(shop)
    assert own == planned and own != plain
    assert pairs(shop, "--column", "propensity=") == plain
    given = ["pairs", str(shop / "log.csv"), "--images", str(shop / "ads"), "--out", str(shop / "x.jsonl")]
    (shop / "log.csv").write_text((shop / "log.csv").read_text().replace("90%", "0"))
    assert run(given) == 2
    assert "propensity: 0 is not above 0" in capsys.readouterr().err


def test_policies_are_valued_by_the_exports_own_propensities(shop: Path) -> None:
    def value(out: str) -> dict[str, Any]:
        given = ["experiment", "read", str(shop / "plan"), str(shop / "log.csv"), "--policy", "all=uniform"]
        assert run([*given, "--out", str(shop / out), "--quiet"]) == 0
        found: dict[str, Any] = json.loads((shop / out / "results.json").read_text())["policies"][0]
        return found

    planned = value("planned")
    with_propensities(shop)
    told = value("told")
    assert (planned.pop("propensities"), told.pop("propensities")) == ("plan", "exports")
    assert told == planned
    assert "have no column of them" in (shop / "planned" / "report.html").read_text()
