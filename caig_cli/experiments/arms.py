"""Where the ads of an arm come from: a run of ``caig generate``, a folder of pictures, or a table of ads."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from caig_cli.data.images import SUFFIXES, shown
from caig_cli.data.tables import TABLE_SUFFIXES, Record, read_rows, text_of
from caig_cli.engine.files import read_lines
from caig_cli.errors import DataError, ItemError, UsageError
from caig_cli.experiments.plan_file import Ad, Arm
from caig_cli.parsing import Malformed, parse_yaml
from caig_cli.records import Failure

MANIFEST, RECIPE = "manifest.jsonl", "recipe.yaml"


def read_arm(name: str, source: str, products: Collection[str]) -> tuple[Arm, list[Ad]]:
    """An arm and its ads. ``products`` are ids by which pictures of a folder are known.

    Raises UsageError for a source that is none of the three, DataError for one that can't be read.
    """
    path = Path(source)
    if (path / MANIFEST).is_file():
        return Arm(name, source, "run", _writer(path)), _of_run(name, path)
    if path.is_file() and path.suffix.lower() in TABLE_SUFFIXES:
        return Arm(name, source, "table"), _of_table(name, path)
    if (path / "adapter_config.json").is_file() or (path / "config.json").is_file():
        raise UsageError(
            f"--arm {name}={source}: is a model; make its ads first, with caig generate --set "
            f"writer.model={source} --out RUN, and name that run"
        )
    if path.is_dir():
        return Arm(name, source, "pictures"), _of_pictures(name, path, products)
    raise UsageError(
        f"--arm {name}={source}: no such run, folder or table; name a run of caig generate, a folder of "
        "pictures, or a CSV or JSONL file with ad_id and product"
    )


def _of_run(arm: str, folder: Path) -> list[Ad]:
    """The ads of a manifest; of an ad in several sizes, each has an id.

    A file of ``caig deliver`` has no score of its own: it takes that of the ad that it shows in a platform's
    shape.
    """
    source = _recipe(folder, "deliver", "run")
    known = source is not None and (Path(source) / MANIFEST).is_file()
    rates = {row.get("id"): row.get("predicted_ctr") for row in _rows(Path(source or ""))} if known else {}
    try:
        rows = {str(row["path"]): row for row in _rows(folder)}
        return [_ad(arm, folder, row, rates) for row in rows.values()]
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, error) from None


def _rows(folder: Path) -> list[dict[str, Any]]:
    try:
        return list(read_lines(folder / MANIFEST))
    except (OSError, ValueError) as error:
        raise _damaged(folder, error) from None


def _damaged(folder: Path, error: Exception) -> DataError:
    return DataError(f"{shown(folder / MANIFEST)}: is damaged ({error}); resume the run")


def _ad(arm: str, folder: Path, row: Mapping[str, Any], rates: Mapping[str | None, float | None]) -> Ad:
    path, rate = folder / str(row["path"]), row.get("predicted_ctr") or rates.get(row.get("of"))
    score = math.log(float(rate)) if rate else None
    identifier = str(row.get("id") or path.stem)
    return Ad(identifier, arm, str(row["product"]), str(path.absolute()), str(row["prompt"]), score)


def _writer(folder: Path) -> str | None:
    """The prompt model that a run's recipe names, or that of the run that it delivers."""
    source = _recipe(folder, "deliver", "run")
    return _recipe(Path(source) if source else folder, "writer", "model")


def _recipe(folder: Path, section: str, key: str) -> str | None:
    """A value of a run's recipe; None where it has none."""
    try:
        recipe, _ = parse_yaml((folder / RECIPE).read_text("utf-8"))
        value = recipe[section][key]
    except (OSError, Malformed, KeyError, TypeError, UnicodeDecodeError):
        return None
    return None if value is None else str(value)


def _of_table(arm: str, path: Path) -> list[Ad]:
    """Rows with ad_id (or id), product (or item), and maybe image, prompt and score."""
    found = []
    for row in read_rows(path):
        if isinstance(row, Failure):
            raise DataError(row.error)
        try:
            identifier, product = _text(row, "ad_id", "id"), _text(row, "product", "item", "item_id")
            if identifier is None or product is None:
                raise row.error("ad_id" if identifier is None else "product", "is missing; each ad needs it")
            image, score = _text(row, "image", "path"), _text(row, "score")
            picture = None if image is None else str((path.parent / image).absolute())
            value = None if score is None else float(score)
            found.append(Ad(identifier, arm, product, picture, _text(row, "prompt"), value))
        except ItemError as error:
            raise DataError(str(error)) from None
        except ValueError:
            raise DataError(f"{row.where('score')}: is no number; fix it or leave the column out") from None
    return found


def _text(row: Record, *names: str) -> str | None:
    return next((text for name in names if (text := text_of(row, name, row.values.get(name)))), None)


def _of_pictures(arm: str, folder: Path, products: Collection[str]) -> list[Ad]:
    """Pictures named by their product, as ``P1.jpg``, ``P1-2.jpg`` or ``P1/2.jpg``; each id is the name."""
    known = sorted(products, key=len, reverse=True)
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        inside = path.relative_to(folder).with_suffix("").as_posix()
        product = next((one for one in known if _begins(inside, one)), None)
        if product is not None:
            found.append(Ad(inside.replace("/", "-"), arm, product, str(path.absolute())))
    if not found:
        raise UsageError(
            f"--arm {arm}={folder}: no picture's name begins with a product's id; name them P1.jpg or "
            "P1/1.jpg, or give a table with ad_id and product"
        )
    return found


def _begins(name: str, product: str) -> bool:
    rest = name[len(product) :]
    return name.startswith(product) and (not rest or rest[0] in "-_./ ")
