"""The test set of judges that ships in the package: pairs of a market that no model was trained on.

    caig market market-test --seed 2 --products 100 --ads-per-product 12 --set market.dialogues_per_product=0
    caig pairs market-test/logs/creative_ranking_*.txt --images market-test --prior items \\
        --truth market-test/ground_truth.jsonl --out market-test/pairs.jsonl
    python benchmarks/make_testset.py market-test/pairs.jsonl caig_cli/embedded/testset

Every ad is stored once, as WebP; pairs.jsonl is as ``caig pairs`` wrote it, with the ads' new names.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from PIL import Image

QUALITY = 82


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path, help="pairs of caig pairs, beside the market's ads")
    parser.add_argument("out", type=Path, help="folder to write")
    args = parser.parse_args()
    (args.out / "ads").mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in args.pairs.read_text("utf-8").splitlines()]
    for row in rows:
        for side in ("left", "right"):
            row[side] = stored(args.pairs.parent / row[side], row["item"], args.out)
    lines = (json.dumps({name: v for name, v in row.items() if v not in (None, {})}) for row in rows)
    (args.out / "pairs.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    size = sum(file.stat().st_size for file in args.out.rglob("*") if file.is_file())
    ads = len(list((args.out / "ads").iterdir()))
    items = len({row["item"] for row in rows})
    print(f"{len(rows)} pairs of {items} products, {ads} ads, {size / 1e6:.2f} MB")


def stored(source: Path, item: str, out: Path) -> str:
    """The ad's name in the set; it is written when it is not there yet."""
    name = f"ads/{item}-{source.stem}.webp"
    if not (out / name).is_file():
        with Image.open(source) as image:
            image.convert("RGB").save(out / name, "WEBP", quality=QUALITY, method=6)
    return name


if __name__ == "__main__":
    main()
