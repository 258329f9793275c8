"""``caig pairs`` from logs to files: the official filter, sure and stable labels, no leaks, even sides."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from caig_cli import cli
from caig_cli.clicks.posteriors import PUBLISHED, fit_prior, probability_higher, q_observed_higher
from caig_cli.clicks.read_logs import read_click_logs
from caig_cli.clicks.selection import share_out, stability, units
from caig_cli.data.creatives import open_creative
from caig_cli.data.pairs import read_pairs
from caig_cli.engine.outcome import Outcome
from caig_cli.engine.report import SilentReporter
from caig_cli.engine.run_dir import RunDir
from caig_cli.errors import DataError, UsageError
from caig_cli.recipe import resolve
from caig_cli.records import Pair
from caig_cli.stages import market, pairs

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT.parent / "shared/goldens/f_pairs.json"

Row = tuple[str, str, int, int, int]


def shop(folder: Path, *rows: Row, same: dict[str, str] | None = None) -> Path:
    """A log, and an image of its own bytes for each name but those that shall have another's."""
    log = folder / "log.csv"
    log.write_text(
        "item,image,day,impressions,clicks\n" + "".join(",".join(map(str, r)) + "\n" for r in rows)
    )
    for number, name in enumerate(dict.fromkeys(row[1] for row in rows)):
        image = Image.new("RGB", (20, 20), (number % 256, number // 256, 7))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(folder / name, format="PNG")
    for name, other in (same or {}).items():
        (folder / name).write_bytes((folder / other).read_bytes())
    return log


def make(log: Path, *sets: str, out: str = "out/pairs.jsonl") -> Outcome:
    base = [f"pairs.logs=[{log}]", f"pairs.out={log.parent / out}", f"pairs.images=[{log.parent}]"]
    return pairs.run(resolve(pairs.PairsRecipe, sets=[*base, *sets]), SilentReporter())


def kept(log: Path, *sets: str) -> set[tuple[str, str]]:
    """(better, worse) image names of the pairs that pass."""
    make(log, "pairs.overwrite=true", *sets)
    found, failures = read_pairs(log.parent / "out/pairs.jsonl", allow_outside=True)
    assert not failures
    return {
        tuple(c.image.name for c in sorted((p.left, p.right), key=lambda c: -(c.ctr or 0)))  # type: ignore[misc]
        for p in found
    }


def many(items: int = 12, ads: int = 4, seed: int = 0) -> list[Row]:
    """Items with ads at ratios that the official filter keeps in part."""
    rng = np.random.default_rng(seed)
    return [
        (f"i{i}", f"i{i}/{a}.png", 1 + day, 3000, int(rng.binomial(3000, 0.03 * 1.1 ** (a % 3))))
        for i in range(items)
        for a in range(ads)
        for day in range(2)
    ]


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the goldens are not beside this checkout")
def test_the_official_filter_keeps_the_official_pairs(tmp_path: Path) -> None:
    golden = json.loads(GOLDEN.read_text())
    (tmp_path / "log.json").write_text(json.dumps(golden["log"]))
    for number, creative in enumerate(c for item in golden["log"].values() for c in item):
        Image.new("RGB", (20, 20), (number, 0, 0)).save(tmp_path / f"{creative['creative_id']}.png")
    expected = {(f"{high}.png", f"{low}.png") for high, low in golden["preprocess_pairs"].values()}
    assert kept(tmp_path / "log.json") == expected and len(expected) == 21


FILTERED: list[Row] = [
    ("A", "a0", 1, 2000, 100),
    ("A", "a1", 1, 2000, 106),
    ("A", "a2", 1, 2000, 120),
    ("A", "a3", 1, 1000, 55),
    ("B", "b0", 1, 5000, 0),
    ("B", "b1", 1, 5000, 250),
    ("B", "b2", 1, 5000, 250),
    ("C", "c0", 1, 9000, 90),
]


def test_every_pair_is_kept_or_counted_under_its_reason(tmp_path: Path) -> None:
    """A: 6 pairs, 3 with a3; B: 3, 2 with a rate of 0, 1 tie; C: none."""
    log = shop(tmp_path, *FILTERED)
    (tmp_path / "a0").unlink()
    result = make(log).result
    fallen = {reason: number for reason, number in result["fallen"].items() if number}
    assert fallen == {"image not usable": 3, "too few impressions": 2, "no clicks": 2, "rates too close": 1}
    assert (result["pairs"], result["items"]) == (1, 1)
    assert result["log"] == {
        "bad_rows": 0, "items": 3, "creatives": 8, "creatives_without_image": 1,
        "impressions": 31_000, "clicks": 971,
    }  # fmt: skip


def test_limits(tmp_path: Path) -> None:
    log = shop(tmp_path, *FILTERED)
    official = {("a1", "a0"), ("a2", "a0"), ("a2", "a1")}
    assert kept(log) == official
    assert kept(log, "filter.min_ratio=1.1") == {("a2", "a0"), ("a2", "a1")}
    assert kept(log, "filter.max_ratio=1.1") == {("a1", "a0")}
    assert kept(log, "filter.min_gap=0.007") == {("a2", "a0"), ("a2", "a1")}
    assert kept(log, "filter.min_gap=0.01") == {("a2", "a0")}, "the limit itself is allowed"
    assert kept(log, "filter.max_gap=0.003") == {("a1", "a0")}
    assert kept(log, "filter.min_impressions=999") == official | {("a3", "a0"), ("a2", "a3")}
    sure = float(probability_higher(120, 2000, 106, 2000)[0])
    assert 0.8 < sure < 0.9
    assert kept(log, f"filter.min_confidence={sure + 0.001}") == {("a2", "a0")}
    with pytest.raises(UsageError, match=r"no pair is left; most fell for: winner not sure \(5\)"):
        make(log, "pairs.overwrite=true", "filter.min_confidence=1", "filter.min_impressions=999")
    with pytest.raises(UsageError, match=r"no pair is left; no item has two ads"):
        make(shop(tmp_path, FILTERED[-1]), "pairs.overwrite=true")


def test_the_order_must_hold_over_windows(tmp_path: Path) -> None:
    """b leads on days 1, 2 and 4, and over the first two days, and in sum; c is never shown with a."""
    rows = [("A", "a", d, 1000, k) for d, k in ((1, 30), (2, 30), (3, 40), (4, 30))]
    rows += [("A", "b", d, 1000, k) for d, k in ((1, 33), (2, 33), (3, 39), (4, 35))]
    rows += [("A", "c", 5, 4000, 150)]
    log = shop(tmp_path, *rows)
    assert kept(log) == {("b", "a"), ("c", "a"), ("c", "b")}
    assert kept(log, "filter.window_days=2") == {("b", "a")}
    assert kept(log, "filter.window_days=1", "filter.min_stability=0.75") == {("b", "a")}
    with pytest.raises(UsageError, match="order not stable"):
        make(log, "pairs.overwrite=true", "filter.window_days=1")
    read = read_click_logs([str(log)])
    assert stability(read, np.array([1, 2]), np.array([0, 0]), 1).tolist() == [0.75, 0.0]
    undated = tmp_path / "undated.csv"
    undated.write_text("item,image,impressions,clicks\nA,a,2000,100\nA,b,2000,110\n")
    with pytest.raises(UsageError, match="rows without a day"):
        make(undated, "pairs.overwrite=true", "filter.window_days=1")


def test_pairs_say_what_the_log_says(tmp_path: Path) -> None:
    log = shop(
        tmp_path, ("A", "x/a.png", 1, 1500, 60), ("A", "x/a.png", 2, 1500, 40), ("A", "b.png", 1, 2000, 80)
    )
    products = tmp_path / "products.csv"
    products.write_text("id,image,title,colour,category\nA,gone.png,A mug,red,mugs\n")
    make(log, f"pairs.products=[{products}]")
    (pair,), failures = read_pairs(tmp_path / "out/pairs.jsonl", allow_outside=True)
    assert not failures
    better, worse = (pair.left, pair.right) if pair.target == "left" else (pair.right, pair.left)
    assert (better.image.resolve(), better.impressions, better.clicks) == (tmp_path / "b.png", 2000, 80)
    assert (worse.impressions, worse.clicks, worse.ctr) == (3000, 100, 100 / 3000)
    left, right = pair.left, pair.right
    p = probability_higher(left.clicks, left.impressions, right.clicks, right.impressions, PUBLISHED)  # type: ignore[arg-type]
    assert pair.p_left == pytest.approx(float(p[0]), abs=1e-6) and pair.p_observed_left is None
    assert (pair.item, pair.caption, pair.attributes, pair.category) == (
        "A",
        "A mug",
        {"colour": "red"},
        "mugs",
    )
    (line,) = (tmp_path / "out/pairs.jsonl").read_text().splitlines()
    assert {json.loads(line)["left"], json.loads(line)["right"]} == {"../x/a.png", "../b.png"}


def test_facts_from_several_files(capfd: pytest.CaptureFixture[str], workdir: Path) -> None:
    """The first file that says something wins; a bad row ends it or is skipped; strangers are noticed."""
    shop(workdir, *FILTERED[:3])
    Path("one.jsonl").write_text('{"item_id": "A", "attributes": {"colour": "red"}}\n')
    Path("two.csv").write_text("id,caption,colour,size,category\nA,A mug,blue,big,mugs\n,x,,,\n")
    args = ("log.csv", "--out", "p.jsonl", "--products", "one.jsonl", "--products", "two.csv")
    code, _, err = call(capfd, *args)
    assert code == 2 and "two.csv:3:id: is missing" in err
    code, _, err = call(capfd, *args, "--skip-bad")
    assert code == 3 and "warning: two.csv:3: id: is missing" in err
    for pair in read(workdir / "p.jsonl"):
        assert (pair.caption, pair.category) == ("A mug", "mugs")
        assert pair.attributes == {"colour": "red", "size": "big"}
    Path("two.csv").write_text("id,caption\nB,A mug\n")
    code, _, err = call(capfd, "log.csv", "--out", "q.jsonl", "--products", "two.csv")
    assert code == 0 and "warning: no item of the logs is among the products" in err


def test_the_prior_is_given_or_fitted(tmp_path: Path) -> None:
    rows = many(seed=3)
    log = shop(tmp_path, *rows)
    sums: Counter[str] = Counter()
    for _, image, _, _, clicks in rows:
        sums[image] += clicks
    fitted = fit_prior(list(sums.values()), [6000] * len(sums))
    accuracy = {}
    for prior in ("2.04,54.06", "1,1", "fit", "items"):
        result = make(log, "pairs.overwrite=true", f"filter.prior={prior}").result
        accuracy[prior] = result["expected_label_accuracy"]
        if prior == "fit":
            assert result["prior"] == str(fitted)
    assert len(set(accuracy.values())) == 4 and accuracy["items"] < accuracy["1,1"]
    for prior in ("1", "0,1", "x,y"):
        with pytest.raises(UsageError, match=r"filter\.prior: "):
            make(log, "pairs.overwrite=true", f"filter.prior={prior}")


def read(path: Path) -> list[Pair]:
    found, failures = read_pairs(path, allow_outside=True)
    assert not failures
    return found


def test_sides_are_balanced_and_follow_the_seed(tmp_path: Path) -> None:
    log = shop(tmp_path, *many())
    texts = {}
    for seed in (0, 0, 1):
        make(log, "pairs.overwrite=true", "pairs.test_share=0.3", f"seed={seed}")
        for split in ("train", "test"):
            sides = Counter(pair.target for pair in read(tmp_path / f"out/pairs_{split}.jsonl"))
            assert abs(sides["left"] - sides["right"]) <= 1 and sides.total() > 5
        text = (tmp_path / "out/pairs_train.jsonl").read_text()
        assert texts.setdefault(seed, text) == text
    assert texts[0] != texts[1]
    assert not (tmp_path / "out/pairs.jsonl").exists()


def test_nothing_leaks_between_splits(tmp_path: Path) -> None:
    """No item and no image bytes on two sides, even through a chain of items that share pictures."""
    rows = many(items=20)
    same = {"i1/0.png": "i0/1.png", "i2/0.png": "i1/1.png", "i7/2.png": "i3/2.png"}
    log = shop(tmp_path, *rows, same=same)
    for seed in range(4):
        result = make(
            log, "pairs.overwrite=true", "pairs.test_share=0.3", "pairs.validation_share=0.2",
            f"seed={seed}", "filter.min_ratio=1", "filter.max_ratio=9",
        ).result  # fmt: skip
        splits = {split: read(Path(one["path"])) for split, one in result["files"].items()}
        assert list(splits) == ["train", "validation", "test"] and all(splits.values())
        for what in (
            lambda pair: [pair.item],
            lambda pair: [ad.image.read_bytes() for ad in (pair.left, pair.right)],
        ):
            where: dict[object, set[str]] = {}
            for split, found in splits.items():
                for pair in found:
                    for one in what(pair):
                        where.setdefault(one, set()).add(split)
            assert {len(sides) for sides in where.values()} == {1}
        # 20 items in 17 units: 5 for testing and 3 for validation, the larger units counting as one
        units_of = {split: len({pair.item for pair in found}) for split, found in splits.items()}
        assert 5 <= units_of["test"] <= 8 and 3 <= units_of["validation"] <= 6
        assert sum(units_of.values()) == 20
        ids = [pair.id for found in splits.values() for pair in found]
        assert len(set(ids)) == len(ids) == result["pairs"]


def test_units_and_shares_by_hand() -> None:
    item = np.array([0, 0, 1, 2, 3])
    assert units(item, np.array([10, 11, 12, 13, 14]), np.array([11, 12, 15, 16, 13])).tolist() == [
        0,
        0,
        0,
        2,
        2,
    ]
    assert Counter(share_out(range(10), 0.2, 0.3).values()) == {"train": 5, "test": 3, "validation": 2}
    assert set(share_out(range(10), 0, 0).values()) == {"train"}


def test_two_creatives_with_the_same_picture_are_no_pair(tmp_path: Path) -> None:
    log = shop(tmp_path, *FILTERED[:3], same={"a1": "a0"})
    result = make(log).result
    assert result["fallen"]["same picture twice"] == 1 and result["pairs"] == 2


def test_official_files(tmp_path: Path) -> None:
    log = shop(tmp_path, *FILTERED[:3])
    (tmp_path / "a2").write_bytes(b"no picture")
    outcome = make(log, "pairs.official=true")
    assert [failure.item for failure in outcome.failed] == ["A-2", "A-3"]
    (own,) = (pair for pair in read(tmp_path / "out/pairs.jsonl") if pair.id == "A-1")
    (test,), failures = read_pairs(tmp_path / "out/pairs.test_set.json")
    assert not failures and test.target == own.target and test.question
    (built,), failures = read_pairs(tmp_path / "out/pairs.conversations.json")
    assert not failures and (built.id, built.target) == ("A-1", own.target)
    assert (built.left.ctr, built.right.ctr) == (own.left.ctr, own.right.ctr)
    assert Image.open(built.left.image).size == (1024, 512)
    for ours, official in ((own.left, built.left), (own.right, built.right)):
        expected = open_creative(ours).getpixel((9, 9))
        assert np.abs(np.subtract(open_creative(official).getpixel((300, 300)), expected)).max() <= 3  # type: ignore[call-overload]


def test_hugging_faces_preference_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is read as the very pairs, and rows of others' files are understood or refused."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setenv("CAIG_CACHE", str(tmp_path / "cache"))
    log = shop(tmp_path, *FILTERED[:3])
    make(log, "pairs.hugging_face=true")
    table = parquet.read_table(tmp_path / "out/pairs.hf.parquet")
    assert [part["type"] for part in table["prompt"][0].as_py()[0]["content"]] == ["image", "image", "text"]
    own = [pair for pair in read(tmp_path / "out/pairs.jsonl") if pair.target]
    found, failures = read_pairs(tmp_path / "out/pairs.hf.parquet")
    assert not failures and len(found) == len(own) > 0
    for one, ours in zip(found, own, strict=True):
        assert (one.id, one.target, one.p_left, one.left.clicks) == (
            ours.id, ours.target, ours.p_left, ours.left.clicks
        )  # fmt: skip
        assert one.left.image.read_bytes() == ours.left.image.read_bytes()
    image = {"bytes": (tmp_path / FILTERED[0][1]).read_bytes(), "path": None}
    rows = [
        {"images": [image, image], "prompt": "which?", "chosen": "The second image.", "rejected": "first"},
        {"images": [image], "prompt": "which?", "chosen": "left", "rejected": "right"},
        {"images": [image, image], "prompt": "which?", "chosen": "a cat", "rejected": "a dog"},
        {"images": [image, image], "prompt": "which?", "chosen": "left", "rejected": "1"},
    ]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "others.parquet")
    (pair,), failures = read_pairs(tmp_path / "others.parquet")
    assert (pair.id, pair.target, pair.question) == ("1", "right", "which?")
    errors = [failure.error.split(": ", 1)[1] for failure in failures]
    assert errors[0].startswith("has 1 pictures") and "'a cat' names neither ad" in errors[1]
    assert errors[2].startswith("names the left ad, as chosen does")


# --- the simulated market --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("markets") / "tiny"
    sets = ["products=6", "photo_products=0", "ads_per_product=5", "photo_size=32", "ad_size=32"]
    sets += ["dialogues_per_product=1", "painter=fake", "workers=1"]
    recipe = resolve(market.MarketRecipe, sets=[f"market.{text}" for text in sets])
    with RunDir.open(out, "market", recipe) as run:
        market.run(recipe, run, SilentReporter())
    return out


def test_pairs_of_a_market_are_chosen_by_truth(market_folder: Path) -> None:
    logs = sorted((market_folder / "logs").glob("creative_ranking_*.txt"))
    logs = [path for path in logs if path.stat().st_size]  # six products may all be for training
    sets = [f"pairs.logs={json.dumps(list(map(str, logs)))}", f"pairs.images=[{market_folder}]"]
    sets += [f"pairs.out={market_folder}/test.jsonl", f"pairs.truth={market_folder}/ground_truth.jsonl"]
    sets += ["filter.min_impressions=300", "filter.max_ratio=1.5"]
    result = pairs.run(resolve(pairs.PairsRecipe, sets=sets), SilentReporter()).result
    found, failures = read_pairs(market_folder / "test.jsonl")
    truth = [json.loads(line) for line in (market_folder / "ground_truth.jsonl").read_text().splitlines()]
    rate = {str(market_folder / row["image"]): row["ctr"] for row in truth}
    captions = {
        row["id"]: row.get("new_caption") for row in json.loads((market_folder / "products.json").read_text())
    }
    categories = {
        row["id"]: row["category"]
        for row in map(json.loads, (market_folder / "catalogue.jsonl").read_text().splitlines())
    }
    assert not failures and len(found) >= 10
    for pair in found:
        assert (pair.left.ctr, pair.right.ctr) == (rate[str(pair.left.image)], rate[str(pair.right.image)])
        ratio = max(pair.left.ctr, pair.right.ctr) / min(pair.left.ctr, pair.right.ctr)
        assert 1.05 <= ratio <= 1.5
        assert (pair.caption, pair.category) == (captions[pair.item], categories[pair.item])
        assert "lightness" not in pair.attributes and "shape" not in pair.attributes
        assert pair.target == _observed(pair)
    columns = [(p.left.ctr, p.left.impressions, p.right.ctr, p.right.impressions) for p in found]
    q = q_observed_higher(*zip(*columns, strict=True))  # type: ignore[arg-type]
    assert [pair.p_observed_left for pair in found] == pytest.approx(q.tolist(), abs=1e-6)
    assert result["ceiling"] == pytest.approx(np.maximum(q, 1 - q).mean(), abs=1e-9)
    best_left = sum((p.left.ctr or 0) > (p.right.ctr or 0) for p in found)
    assert abs(2 * best_left - len(found)) <= 1


def _observed(pair: Pair) -> str | None:
    left, right = ((ad.clicks or 0) / (ad.impressions or 1) for ad in (pair.left, pair.right))
    return None if left == right else "left" if left > right else "right"


def test_a_truth_that_is_none(market_folder: Path, tmp_path: Path) -> None:
    log = shop(tmp_path, *FILTERED)
    truth = tmp_path / "truth.jsonl"
    for text, complaint in (
        ('{"item_id": "A", "image": "a0", "ctr": 2}\n', r"truth\.jsonl:1:ctr: 2 is not between 0 and 1"),
        ('{"item_id": "A", "ctr": 0.1}\n', r"truth\.jsonl:1:image: is missing"),
        ('{"item_id": "A", "image": "a0", "ctr": 0.1}\n' * 2, r"truth\.jsonl:2:image: is in the file twice"),
    ):
        truth.write_text(text)
        with pytest.raises(DataError, match=complaint):
            make(log, f"pairs.truth={truth}")
    truth.write_text('{"item_id": "A", "image": "a0", "ctr": 0.1}\n')
    with pytest.raises(UsageError, match="true rate not known"):
        make(log, f"pairs.truth={truth}")


# --- the command -----------------------------------------------------------------------------------


@pytest.fixture
def here(workdir: Path) -> Path:
    shop(workdir, *FILTERED)
    return workdir


def call(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    return (cli.run(["pairs", *args]), *capfd.readouterr())


def test_the_command(capfd: pytest.CaptureFixture[str], here: Path) -> None:
    args = ("log.csv", "--images", ".", "--out", "p.jsonl")
    before = sorted(here.iterdir())
    code, out, _ = call(capfd, *args, "--dry-run", "--json")
    assert code == 0 and json.loads(out)["plan"] == [f"3 pairs would go to {here / 'p.jsonl'}"]
    assert sorted(here.iterdir()) == before, "a dry run touches nothing"
    code, out, err = call(capfd, *args)
    assert code == 0 and out.splitlines()[0] == f"3 pairs of 1 items in {here / 'p.jsonl'}"
    assert "expected label accuracy 0." in out and "rates too close" in err
    assert {path.name for path in here.iterdir()} - {path.name for path in before} == {
        "p.jsonl",
        "p.summary.json",
    }
    code, out, err = call(capfd, *args)
    assert (code, out) == (2, "") and "p.jsonl is already there" in err
    assert call(capfd, *args, "--dry-run")[0] == 2
    code, out, err = call(capfd, *args, "--overwrite", "--json", "--quiet", "--min-ratio", "1.1")
    result = json.loads(out)
    assert (code, err, result["pairs"]) == (0, "", 2)
    assert result == json.loads((here / "p.summary.json").read_text())
    assert result["recipe"]["filter"]["min_ratio"] == 1.1


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ((), "logs and --out are needed"),
        (("log.csv",), "logs and --out are needed"),
        (("log.csv", "--out", "p.csv"), "name it p.jsonl"),
        (("nope.csv", "--out", "p.jsonl"), "nope.csv: no such file"),
        (("log.csv", "--out", "p.jsonl", "--images", "nope"), "nope: no such folder"),
        (("log.csv", "--out", "p.jsonl", "--test-share", ".6", "--validation-share", ".4"), "leave nothing"),
        (("log.csv", "--out", "p.jsonl", "--max-ratio", "nan"), "filter.max_ratio: "),
        (("log.csv", "--out", "p.jsonl", "--min-ratio", "0.5"), "filter.min_ratio: "),
        (("log.jsonl", "--out", "log.jsonl", "--overwrite"), "log.jsonl is read here"),
        (("log.csv", "--out", "p.jsonl", "--products", "nope.json"), "nope.json: no such file"),
    ],
)  # fmt: skip
def test_mistakes(
    capfd: pytest.CaptureFixture[str], here: Path, args: tuple[str, ...], complaint: str
) -> None:
    code, out, err = call(capfd, *args)
    assert (code, out) == (2, "") and complaint in err.splitlines()[-1] and "Traceback" not in err


def test_bad_rows_end_it_or_are_skipped(capfd: pytest.CaptureFixture[str], here: Path) -> None:
    with (here / "log.csv").open("a") as log:
        log.write("A,a9,1,3500,3501\n" * 30)
    args = ("log.csv", "--out", "p.jsonl")
    code, _, err = call(capfd, *args)
    assert code == 2
    assert (
        "caig: log.csv:10:clicks: 3501 is more than the 3500 impressions; fix the row (and 29 more bad rows)"
        in err
    )
    code, out, err = call(capfd, *args, "--skip-bad")
    assert code == 2 and "would leave out 30 rows, 78.9% of the log" in err, "no small part"
    code, out, err = call(capfd, *args, "--skip-bad", "--json", "--set", "pairs.max_bad_share=0.8")
    assert code == 3 and json.loads(out)["log"]["bad_rows"] == 30
    warnings = [line for line in err.splitlines() if line.startswith("warning")]
    assert warnings[0] == "warning: log.csv:10: clicks: 3501 is more than the 3500 impressions; fix the row"
    assert len(warnings) == 11 and warnings[-1] == "warning: log rows: 20 more like these"


def test_images_that_cannot_be_used_cost_only_their_pairs(
    capfd: pytest.CaptureFixture[str], here: Path
) -> None:
    """Missing ones, ones outside by path or link, and names that are no paths at all; told shortly."""
    secret = here.parent / f"{here.name}-secret.png"
    Image.new("RGB", (20, 20)).save(secret)
    (here / "link.png").symlink_to(secret)
    names = [
        f"../{secret.name}",
        str(secret),
        "link.png",
        "a\0b",
        "x" * 900,
        "gone.png",
        ".",
        "http://x/gone.png",
    ]
    names += [f"gone{n}" for n in range(40)]
    with (here / "log.csv").open("a") as log:
        log.write("".join(f"A,{name},1,2000,103\n" for name in names))
    code, out, err = call(capfd, "log.csv", "--out", "p.jsonl", "--json")
    result = json.loads(out)
    assert (code, result["pairs"], result["log"]["creatives_without_image"]) == (3, 3, len(names))
    warnings = [line for line in err.splitlines() if line.startswith("warning")]
    assert len(warnings) == 11 and "lies outside ." in warnings[0] and "log.csv:10:image: " in warnings[0]
    assert all("lies outside ." in line for line in warnings[:3]) and "is not in ." in warnings[5]
    code, out, _ = call(capfd, "log.csv", "--out", "p.jsonl", "--json", "--overwrite", "--allow-outside")
    assert json.loads(out)["log"]["creatives_without_image"] == len(names) - 3


def test_names_may_be_addresses_or_lack_their_ending(tmp_path: Path) -> None:
    log = shop(tmp_path, ("A", "a.jpg", 1, 2000, 100), ("A", "b%20b.png", 1, 2000, 110))
    (tmp_path / "b%20b.png").rename(tmp_path / "b b.png")
    log.write_text(
        log.read_text().replace("a.jpg", "a").replace("b%20b.png", "http://host/x/b%20b.png?size=9")
    )
    assert kept(log) == {("b b.png", "a.jpg")}


def test_an_item_with_too_many_ads_is_a_wrong_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caig_cli.clicks.selection.MAX_CREATIVES", 2)
    with pytest.raises(DataError, match="an item has 3 creatives above the filter"):
        make(shop(tmp_path, *FILTERED[:3]))
    monkeypatch.setattr("caig_cli.clicks.selection.MAX_CREATIVES", 3)
    monkeypatch.setattr("caig_cli.clicks.selection.MAX_PAIRS", 2)
    with pytest.raises(DataError, match="more than 2 pairs"):
        make(shop(tmp_path, *FILTERED[:3]))


def test_many_items_at_once_are_as_each_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = shop(tmp_path, *many())
    make(log)
    whole = (tmp_path / "out/pairs.jsonl").read_text()
    monkeypatch.setattr("caig_cli.clicks.selection._AT_ONCE", 1)
    make(log, "pairs.overwrite=true")
    assert (tmp_path / "out/pairs.jsonl").read_text() == whole


def test_reading_what_was_written_gives_the_same(tmp_path: Path) -> None:
    log = shop(tmp_path, *many())
    make(log, out="pairs.jsonl")
    sets = [f"pairs.logs=[{log}]", f"pairs.images=[{tmp_path}]"]
    found, _ = pairs.make_pairs(resolve(pairs.PairsRecipe, sets=sets), SilentReporter())
    assert read(tmp_path / "pairs.jsonl") == found
    rows: list[Any] = [json.loads(line) for line in (tmp_path / "pairs.jsonl").read_text().splitlines()]
    assert list(rows[0]) == [
        "id", "item", "left", "right", "left_impressions", "left_clicks", "left_ctr", "right_impressions",
        "right_clicks", "right_ctr", "target", "p_left", "p_observed_left", "caption", "attributes",
        "category",
    ]  # fmt: skip
