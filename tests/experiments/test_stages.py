"""``caig experiment`` from plan to verdict, on clicks that are made up and of which the truth is known."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from caig_cli.cli import run
from caig_cli.experiments.plan_file import FILE, read_plan

Json = dict[str, Any]
Call = Callable[..., Json]

CATEGORIES = ("mug", "lamp", "tea")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def made(*arguments: str, code: int = 0) -> Json:
        capsys.readouterr()
        assert run([*map(str, arguments), "--json"]) == code
        found: Json = json.loads(capsys.readouterr().out)
        return found

    return made


def arms(folder: Path, products: int = 60, scores: bool = False) -> list[str]:
    """Two tables of ads, one for each product, and the products' categories."""
    for arm in ("old", "new"):
        with (folder / f"{arm}.csv").open("w") as file:
            writer = csv.writer(file)
            writer.writerow(["ad_id", "product", "score"][: 3 if scores else 2])
            for n in range(products):
                score = [str(n % 3 if arm == "new" else 0)] if scores else []
                writer.writerow([f"{arm}{n:03d}x", f"P{n}", *score])
    rows = [{"id": f"P{n}", "category": CATEGORIES[n % 3]} for n in range(products)]
    (folder / "products.json").write_text(json.dumps(rows))
    return ["--arm", f"old={folder / 'old.csv'}", "--arm", f"new={folder / 'new.csv'}",
            "--products", str(folder / "products.json")]  # fmt: skip


def clicks(
    plan: Path, out: Path, lift: float = 0.15, days: int = 7, shown: int = 2000, seed: int = 0
) -> Path:
    """An export whose ads are called in a platform's way; new ads are clicked more by ``lift``."""
    made, rng = read_plan(plan), np.random.default_rng(seed)
    own = 0.03 * np.exp(rng.normal(0, 0.3, len(made.products)))
    with out.open("w") as file:
        writer = csv.writer(file)
        writer.writerow(["Day", "Ad name", "Impressions", "Clicks (all)"])
        for day in range(days):
            date = f"2026-12-{day + 1:02d}"
            period = made.period_of(date)
            assert period is not None
            for ad in made.ads:
                count = int(rng.poisson(shown * period.propensity.get(ad.id, 0.0)))
                rate = own[made.product_number[ad.product]] * (1 + lift * (ad.arm == "new"))
                if count:
                    name = f"Winter sale | {ad.id.upper()}.png - copy"
                    writer.writerow([date, name, count, rng.binomial(count, rate)])
    return out


def test_a_gain_is_found_and_every_part_of_the_result_is_there(tmp_path: Path, call: Call) -> None:
    plan = call("experiment", "plan", *arms(tmp_path), "--start", "2026-12-01", "--out", tmp_path / "plan")
    assert plan["products"] == 60 and 0 < plan["power"][0]["power"] < plan["power"][-1]["power"] <= 1
    log = clicks(tmp_path / "plan", tmp_path / "log.csv")
    found = call(
        "experiment", "read", tmp_path / "plan", log, "--policy", "same=uniform", "--out", tmp_path / "r"
    )
    new = found["arms"][1]
    assert found["verdict"].startswith("new is clicked more than old") and not found["split"]["alarm"]
    assert new["interval"][0] < 0.15 < new["interval"][1]
    assert new["always_valid"][0] < new["interval"][0] and len(new["looks"]) == 7
    assert {row["category"] for row in found["categories"]} == set(CATEGORIES)
    for row in found["categories"]:
        assert row["simultaneous_interval"][0] < row["interval"][0] and row["p_holm"] >= row["p"]
    assert found["fatigue"][1]["interval"][0] < 0 < found["fatigue"][1]["interval"][1]
    policy = found["policies"][0]
    assert policy["IPS"]["ctr"] == pytest.approx(policy["observed_ctr"], rel=0.02)
    page = (tmp_path / "r" / "report.html").read_text()
    assert page.index("is clicked more than") < page.index("Categories") and "Other policies" in page
    assert json.loads((tmp_path / "r" / "results.json").read_text())["verdict"] == found["verdict"]


def test_the_same_seed_makes_the_same_plan(tmp_path: Path, call: Call) -> None:
    given = ["experiment", "plan", *arms(tmp_path), "--units", "products"]
    for out in ("a", "b"):
        call(*given, "--out", tmp_path / out)
    call(*given, "--seed", "1", "--out", tmp_path / "c")
    one, same, other = ((tmp_path / out / "allocation.csv").read_bytes() for out in "abc")
    assert one == same != other


def test_products_as_units_are_dealt_evenly_within_categories(tmp_path: Path, call: Call) -> None:
    call("experiment", "plan", *arms(tmp_path), "--units", "products", "--start", "2026-12-01",
         "--out", tmp_path / "plan")  # fmt: skip
    made = read_plan(tmp_path / "plan")
    arm = {ad.product: ad.arm for ad in made.ads if ad.id in made.periods[0].propensity}
    for category in CATEGORIES:
        mine = [arm[product.id] for product in made.products if product.category == category]
        assert sorted(map(mine.count, ("old", "new"))) == [10, 10]
    log = clicks(tmp_path / "plan", tmp_path / "log.csv", shown=4000)
    found = call("experiment", "read", tmp_path / "plan", log, "--out", tmp_path / "r")
    new = found["arms"][1]
    assert new["interval"][0] < 0.15 < new["interval"][1] and found["split"]["unit"] == "products"
    assert (
        call("experiment", "read", tmp_path / "plan", log, "--policy", "x=uniform", code=2)["exit_code"] == 2
    )


def test_thompson_starts_from_the_judge_and_goes_on_with_the_clicks(tmp_path: Path, call: Call) -> None:
    given = [*arms(tmp_path, 20, scores=True), "--allocation", "thompson", "--start", "2026-12-01"]
    call("experiment", "plan", *given, "--set", "experiment.judge_accuracy=0.75", "--out", tmp_path / "one")
    first = read_plan(tmp_path / "one")
    share = first.periods[0].propensity
    assert share["new000x"] == pytest.approx(0.5, abs=0.05) and share["new002x"] > share["new001x"] > 0.5
    log = clicks(tmp_path / "one", tmp_path / "log.csv", lift=-0.4, days=1, shown=40_000)
    call("experiment", "plan", "--after", tmp_path / "one", "--log", log, "--out", tmp_path / "two")
    second = read_plan(tmp_path / "two")
    assert [period.first_day for period in second.periods] == ["2026-12-01", "2026-12-02"]
    assert np.mean([second.periods[1].propensity[f"new{n:03d}x"] for n in range(20)]) < 0.2
    sums = {product.id: 0.0 for product in second.products}
    for ad in second.ads:
        sums[ad.product] += second.periods[1].propensity[ad.id]
    assert min(second.periods[1].propensity.values()) >= 0.02
    assert list(sums.values()) == pytest.approx([1.0] * 20, abs=1e-5)


def test_old_pictures_are_an_arm_by_their_names(tmp_path: Path, call: Call) -> None:
    arms(tmp_path, 3)
    (tmp_path / "shop").mkdir()
    for name in ("P0.jpg", "P1-a.png", "P2_b.webp", "P22.jpg"):
        (tmp_path / "shop" / name).write_bytes(b"never opened")
    call("experiment", "plan", "--arm", f"old={tmp_path / 'shop'}", "--arm", f"new={tmp_path / 'new.csv'}",
         "--out", tmp_path / "plan")  # fmt: skip
    assert {ad.id for ad in read_plan(tmp_path / "plan").ads if ad.arm == "old"} == {"P0", "P1-a", "P2_b"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--arm", "a=x.csv"], "at least two arms"),
        (["--arm", "old=no.csv", "--arm", "new=no2.csv"], "no such run, folder or table"),
        (["--share", "old=1.5"], "between 0 and 1"),
        (["--control", "mine"], "none of the arms"),
        (
            ["--allocation", "thompson", "--units", "products", "--start", "2026-12-01"],
            "can't change its arm",
        ),
        (["--allocation", "thompson"], "needs --start"),
        (["--start", "2026-02-31"], "write a day as YYYY-MM-DD"),
        (["--arm", "a=x.csv", "--arm", "a=y.csv"], "given twice"),
        (["--after", "plan", "--log", "x.csv", "--days", "3"], "days are those of the plan"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], said: str, tmp_path: Path, call: Call) -> None:
    own = arms(tmp_path, 2)
    given = arguments if arguments[0] in ("--arm", "--after") else [*own, *arguments]
    assert said in call("experiment", "plan", *given, "--out", tmp_path / "plan", code=2)["error"]


def test_an_export_of_other_ads_is_one_line(tmp_path: Path, call: Call) -> None:
    call("experiment", "plan", *arms(tmp_path, 2), "--out", tmp_path / "plan")
    log = tmp_path / "log.csv"
    log.write_text("Day,Ad name,Impressions,Clicks\n2026-12-01,banner,100,3\n")
    assert "no ad of the plan" in call("experiment", "read", tmp_path / "plan", log, code=2)["error"]


def test_exports_and_plans_that_do_not_go_together_are_one_line(tmp_path: Path, call: Call) -> None:
    plan, log = tmp_path / "plan", tmp_path / "log.csv"
    call("experiment", "plan", *arms(tmp_path, 2), "--start", "2026-12-01", "--out", plan)

    def read(*rows: str, code: int = 2, exports: Sequence[Path] = (log,)) -> Json:
        log.write_text("\n".join(["Day,Ad name,Impressions,Clicks", *rows]) + "\n")
        given = ("experiment", "read", plan, *exports, "--out", tmp_path / "r", "--overwrite")
        return call(*given, code=code)

    both = ("2026-12-01,old000x,900,30", "2026-12-01,new000x,950,31")
    assert "no row has an impression" in read("2026-12-01,old000x,0,0", "2026-12-01,new000x,0,0")["error"]
    assert "begins on 2026-12-01" in read(*(row.replace("-12-", "-10-") for row in both))["error"]
    assert "is a plan" in read(*both, exports=(plan, log))["error"]
    assert "no impression of old" in read(both[1], code=0)["verdict"]
    made = json.loads((plan / FILE).read_text())
    for key, value, said in (
        ("periods", [], "no periods"),
        ("ads", [made["ads"][0], *made["ads"]], "stands twice"),
        ("arms", made["arms"][:1], "do not go together"),
        ("mixture", -1.0, "mixture"),
        ("periods", [made["periods"][0] | {"first_day": "soon"}], "soon"),
        ("periods", [made["periods"][0] | {"propensity": {"else": 0.5}}], "ads of no arm"),
    ):
        (plan / FILE).write_text(json.dumps(made | {key: value}))
        assert said in read(*both)["error"]
