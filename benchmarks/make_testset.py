"""The test set of judges that ships in the package: pairs of a market that no model was trained on.

    caig market market-test --seed 2 --products 100 --ads-per-product 12 --set market.dialogues_per_product=0
    caig pairs market-test/logs/creative_ranking_*.txt --images market-test --prior items \\
        --truth market-test/ground_truth.jsonl --out market-test/pairs.jsonl
    python benchmarks/make_testset.py market-test/pairs.jsonl caig_cli/embedded/testset

Every ad is stored once, as WebP in ads.tar; pairs.jsonl is as ``caig pairs`` wrote it,
with the ads' new names.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from pathlib import Path

from PIL import Image

QUALITY = 82
ADS = "ads.tar"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path, help="pairs of caig pairs, beside the market's ads")
    parser.add_argument("out", type=Path, help="folder to write")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in args.pairs.read_text("utf-8").splitlines()]
    sources: dict[str, Path] = {}
    for row in rows:
        for side in ("left", "right"):
            source = args.pairs.parent / row[side]
            name = f"{row['item']}-{source.stem}.webp"
            sources[name], row[side] = source, f"{ADS}/{name}"
    with tarfile.open(args.out / ADS, "w") as archive:
        for name, source in sorted(sources.items()):
            add(archive, name, source)
    lines = (json.dumps({name: v for name, v in row.items() if v not in (None, {})}) for row in rows)
    (args.out / "pairs.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    size = sum(file.stat().st_size for file in args.out.rglob("*") if file.is_file())
    items = len({row["item"] for row in rows})
    print(f"{len(rows)} pairs of {items} products, {len(sources)} ads, {size / 1e6:.2f} MB")


def add(archive: tarfile.TarFile, name: str, source: Path) -> None:
    """Add an ad; the archive has the same bytes whenever it is made."""
    data = io.BytesIO()
    with Image.open(source) as image:
        image.convert("RGB").save(data, "WEBP", quality=QUALITY, method=6)
    entry = tarfile.TarInfo(name)
    entry.size = len(data.getvalue())
    archive.addfile(entry, io.BytesIO(data.getvalue()))


if __name__ == "__main__":
    main()
