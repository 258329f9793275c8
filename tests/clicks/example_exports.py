"""One made-up click log as the exports of several platforms and locales, each as it would come."""

# ruff: noqa: E501  # lines of exports are read as tables

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

DAYS = [datetime.date(2026, 10, 1) + datetime.timedelta(days) for days in range(15)]


@dataclass(frozen=True)
class Row:
    """What an ad of a product got on a day."""

    item: str
    ad: int
    day: datetime.date
    impressions: int
    clicks: int

    @property
    def image(self) -> str:
        return f"{self.item}_{self.ad}.png"

    @property
    def stem(self) -> str:
        return f"{self.item}_{self.ad}"

    @property
    def ad_id(self) -> str:
        return str(23850000000000000 + int(self.item[2:6]) * 10 + self.ad)

    @property
    def title(self) -> str:
        return f"Bottle, 750 ml – leakproof | {self.stem}"


def rows(items: int = 8, ads: int = 3, days: int = 15) -> list[Row]:
    """The log: counts from below 100 to above 10,000, a few without clicks."""
    rng = np.random.default_rng(5)
    found = []
    for i in range(items):
        scale = int(np.exp(rng.uniform(4, 9.5)))
        for ad in range(1, ads + 1):
            rate = 0.03 * 1.12 ** (ad % 3)
            for day in DAYS[:days]:
                shown = int(rng.integers(scale, 2 * scale))
                found.append(Row(f"B0{i * 37:04d}XK", ad, day, shown, int(rng.binomial(shown, rate))))
    return found


def pictures(folder: Path, log: Sequence[Row]) -> None:
    """A picture of its own for each ad."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for name in sorted({row.image for row in log}):
        coarse = rng.integers(0, 255, (6, 6, 3)).astype(np.uint8)
        Image.fromarray(coarse).resize((192, 192), Image.Resampling.BICUBIC).save(folder / name)


def us(number: float, digits: int = 0) -> str:
    return f"{number:,.{digits}f}"


def german(number: float, digits: int = 0) -> str:
    return us(number, digits).translate(str.maketrans(",.", ".,"))


def french(number: float, digits: int = 0) -> str:
    return us(number, digits).replace(",", "\u202f").replace(".", ",")


def plain(number: float, digits: int = 0) -> str:
    return f"{number:.{digits}f}"


def written(lines: Sequence[Sequence[Any]], delimiter: str = ",", end: str = "\r\n") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows(lines)
    return stream.getvalue()


def meta(log: Sequence[Row], header: Sequence[str], number: Callable[..., str], date: str) -> list[list[str]]:
    """Reporting starts, ends, campaign, ad set, ad, id, image, day, impressions, reach, link clicks, all, CTR, spent."""
    total = sum(row.impressions for row in log), sum(row.clicks for row in log)
    span = [DAYS[0].strftime(date), DAYS[-1].strftime(date)]
    lines = [
        list(header),
        [*span, "", "", "", "", "", "", number(total[0]), "", number(total[1]), "", "", number(99.5, 2)],
    ]
    for row in log:
        clicks = number(row.clicks) if row.clicks else ""
        lines.append([
            *span, "Herbst – DE", row.item, row.title, row.ad_id, row.image, row.day.strftime(date),
            number(row.impressions), number(int(row.impressions * 0.8)), clicks, number(row.clicks + 3),
            number(100 * row.clicks / row.impressions, 2), number(row.clicks * 0.31, 2),
        ])  # fmt: skip
    return lines


META = {
    "en": [
        "Reporting starts",
        "Reporting ends",
        "Campaign name",
        "Ad set name",
        "Ad name",
        "Ad ID",
        "Image name",
        "Day",
        "Impressions",
        "Reach",
        "Link clicks",
        "Clicks (all)",
        "CTR (all)",
        "Amount spent (EUR)",
    ],
    "de": [
        "Berichtsstart",
        "Berichtsende",
        "Kampagnenname",
        "Anzeigengruppenname",
        "Anzeigenname",
        "Anzeigen-ID",
        "Bildname",
        "Tag",
        "Impressionen",
        "Reichweite",
        "Link-Klicks",
        "Klicks (alle)",
        "CTR (alle)",
        "Ausgegebener Betrag (EUR)",
    ],
    "fr": [
        "Début des rapports",
        "Fin des rapports",
        "Nom de la campagne",
        "Nom de l’ensemble de publicités",
        "Nom de la publicité",
        "Identifiant de la publicité",
        "Nom de l’image",
        "Jour",
        "Impressions",
        "Couverture",
        "Clics sur un lien",
        "Clics (tous)",
        "CTR (tous)",
        "Montant dépensé (EUR)",
    ],
    "ja": [
        "レポート開始日",
        "レポート終了日",
        "キャンペーン名",
        "広告セット名",
        "広告名",
        "広告ID",
        "画像名",
        "日",
        "インプレッション",
        "リーチ",
        "リンクのクリック",
        "クリック(すべて)",
        "CTR(すべて)",
        "消化金額 (JPY)",
    ],
}


def google(
    log: Sequence[Row],
    header: Sequence[str],
    before: Sequence[str],
    total: str,
    number: Callable[..., str],
    date: str,
) -> list[list[str]]:
    """Status, ad group, campaign, image asset, day, impressions, clicks, CTR, cost; titles above, totals below."""
    lines = [[line] for line in before] + [list(header)]
    for row in log:
        rate = number(100 * row.clicks / row.impressions, 2) + "%"
        lines.append(
            [
                "Aktiv",
                row.item,
                "PMax",
                row.image,
                row.day.strftime(date),
                number(row.impressions),
                number(row.clicks),
                rate,
                number(row.clicks * 0.31, 2),
            ]
        )
    whole = sum(row.impressions for row in log), sum(row.clicks for row in log)
    return [*lines, [total, "--", "--", "--", "--", number(whole[0]), number(whole[1]), "--", number(9.5, 2)]]


def _text(lines: list[list[str]], delimiter: str = ",", encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(written(lines, delimiter).encode(encoding, "replace"))


def _packed(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(gzip.compress(text.encode()))


def _sheet(lines: Sequence[Sequence[Any]]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(["about this report"])  # type: ignore[union-attr]
        sheet = book.create_sheet("data")
        for line in lines:
            sheet.append(list(line))
        book.save(path)

    return write


def _parquet(columns: Mapping[str, Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.table(dict(columns)), path)

    return write


def exports(log: Sequence[Row]) -> dict[str, Callable[[Path], None]]:
    """File name -> what writes it."""
    placed = [(row, place, part) for row in log for place, part in (("feed", 3), ("story", 2))]

    def share(number: int, place: str) -> int:
        return number // 3 if place == "story" else number - number // 3

    amazon = [
        [
            "Startdatum",
            "Enddatum",
            "Kampagnenname",
            "Anzeigengruppenname",
            "Beworbene ASIN",
            "Creative-Name",
            "Impressionen",
            "Klicks",
            "Klickrate (CTR)",
            "Ausgaben",
        ]
    ]
    amazon += [
        [
            r.day.strftime("%d.%m.%Y"),
            r.day.strftime("%d.%m.%Y"),
            "SD",
            "AG 1",
            r.item,
            r.stem,
            german(r.impressions),
            german(r.clicks),
            german(100 * r.clicks / r.impressions, 2) + " %",
            german(r.clicks * 0.31, 2) + " €",
        ]
        for r in log
    ]
    tiktok = [
        [
            "By Day",
            "Campaign name",
            "Ad group name",
            "Ad name",
            "Ad ID",
            "Cost",
            "Impressions",
            "Clicks (destination)",
            "Clicks (all)",
            "CTR (destination)",
        ]
    ]
    tiktok += [
        [
            r.day.isoformat(),
            "Autumn",
            r.item,
            r.title,
            r.ad_id,
            r.clicks * 0.31,
            r.impressions,
            r.clicks,
            r.clicks + 9,
            r.clicks / r.impressions,
        ]
        for r in log
    ]
    tiktok += [
        [
            "Total of 360 results",
            "-",
            "-",
            "-",
            "-",
            1.0,
            sum(r.impressions for r in log),
            sum(r.clicks for r in log),
            1,
            0.1,
        ]
    ]
    pinterest = [
        [
            "Fecha",
            "Nombre de la campaña",
            "Nombre del grupo de anuncios",
            "Nombre del anuncio",
            "ID del anuncio",
            "Impresiones",
            "Clics en el Pin",
            "Clics salientes",
            "Gasto",
        ]
    ]
    pinterest += [
        [
            r.day.strftime("%d/%m/%Y"),
            "Otoño",
            r.item,
            r.title,
            r.ad_id,
            german(r.impressions),
            german(r.clicks),
            german(r.clicks // 2),
            german(r.clicks * 0.31, 2),
        ]
        for r in log
    ]
    microsoft = [
        ["Report Name: Ads"],
        ["Report Time: 10/1/2026,10/15/2026"],
        [""],
        [
            "Gregorian date",
            "Campaign",
            "Ad group",
            "Ad title",
            "Ad ID",
            "Impressions",
            "Clicks",
            "CTR",
            "Spend",
        ],
    ]
    microsoft += [
        [
            f"{r.day.month}/{r.day.day}/{r.day.year}",
            "Audience",
            r.item,
            r.title,
            r.ad_id,
            str(r.impressions),
            str(r.clicks),
            "1.0%",
            "3.10",
        ]
        for r in log
    ]
    microsoft += [
        [
            "Total",
            "-",
            "-",
            "-",
            "-",
            str(sum(r.impressions for r in log)),
            str(sum(r.clicks for r in log)),
            "-",
            "9.9",
        ],
        ["©2026 Microsoft Corporation. All rights reserved."],
    ]
    linkedin = [
        ["Creative Performance Report (in UTC)"],
        ["Report Start: October 1, 2026, 12:00 AM"],
        ["Date Generated: October 20, 2026"],
        [""],
        [
            "Start Date (in UTC)",
            "Account Name",
            "Campaign Group Name",
            "Campaign Name",
            "Ad ID",
            "Ad Name",
            "Impressions",
            "Clicks",
            "Click Through Rate",
            "Total Spent",
        ],
    ]
    linkedin += [
        [
            f"{r.day:%m/%d/%Y}",
            "Shop",
            "Autumn",
            r.item,
            r.ad_id,
            r.image,
            us(r.impressions),
            us(r.clicks),
            us(100 * r.clicks / r.impressions, 2) + "%",
            us(r.clicks * 0.31, 2),
        ]
        for r in log
    ]
    criteo = [["AdsetName", "AdName", "Day", "Currency", "Displays", "Clicks"]]
    criteo += [
        [r.item, r.stem, f"{r.day.year}/{r.day.month}/{r.day.day}", "EUR", str(r.impressions), str(r.clicks)]
        for r in log
    ]
    portuguese = [
        ["Dia", "Campanha", "Grupo de anúncios", "Recurso de imagem", "Impr.", "Cliques", "CTR", "Custo"]
    ]
    portuguese += [
        [
            f"{r.day.day} de outubro de 2026",
            "PMax",
            r.item,
            r.image,
            german(r.impressions),
            german(r.clicks),
            german(100 * r.clicks / r.impressions, 2) + "%",
            german(r.clicks * 0.31, 2),
        ]
        for r in log
    ]
    yahoo = [
        [
            "日",
            "キャンペーン名",
            "広告グループ名",
            "広告名",
            "広告ID",
            "画像名",
            "インプレッション数",
            "クリック数",
            "クリック率",
            "コスト",
        ]
    ]
    yahoo += [
        [
            f"{r.day.year}年{r.day.month}月{r.day.day}日",
            "秋",
            r.item,
            "水筒",
            r.ad_id,
            r.image,
            us(r.impressions),
            us(r.clicks),
            "1.0%",
            us(r.clicks * 31),
        ]
        for r in log
    ]
    yahoo += [
        [
            "合計",
            "--",
            "--",
            "--",
            "--",
            "--",
            us(sum(r.impressions for r in log)),
            us(sum(r.clicks for r in log)),
            "--",
            "--",
        ]
    ]
    broken = [
        [
            "Day",
            "Ad Set Name",
            "Ad Name",
            "Image name",
            "Placement",
            "Hour of day",
            "Impressions",
            "Link clicks",
        ]
    ]
    broken += [
        [
            r.day.isoformat(),
            r.item,
            r.title,
            r.image,
            place,
            "7",
            us(share(r.impressions, place)),
            us(share(r.clicks, place)),
        ]
        for r, place, _ in placed
    ]
    audiences = [["Day", "Campaign name", "Ad set name", "Image name", "Impressions", "Link clicks"]]
    audiences += [
        [
            r.day.isoformat(),
            r.item,
            "DE | " + place,
            r.image,
            us(share(r.impressions, place)),
            us(share(r.clicks, place)),
        ]
        for r, place, _ in placed
    ]
    api = {
        "data": [
            {
                "date_start": r.day.isoformat(),
                "date_stop": r.day.isoformat(),
                "adset_name": r.item,
                "ad_name": r.title,
                "impressions": str(r.impressions),
                "inline_link_clicks": str(r.clicks),
                "clicks": str(r.clicks + 3),
            }
            for r in log
        ],
        "paging": {"next": "x"},
    }
    return {
        "meta_en.csv": _text(meta(log, META["en"], us, "%Y-%m-%d"), encoding="utf-8-sig"),
        "meta_de.csv": _text(meta(log, META["de"], german, "%d.%m.%Y"), ";", "cp1252"),
        "meta_fr.csv": _text(meta(log, META["fr"], french, "%d/%m/%Y"), ";"),
        "meta_ja.csv": _text(meta(log, META["ja"], us, "%Y/%m/%d"), ",", "cp932"),
        "google_en.csv": _text(
            google(
                log,
                ["Ad status", "Ad group", "Campaign", "Image asset", "Day", "Impr.", "Clicks", "CTR", "Cost"],
                ["Ad report", "October 1, 2026 - October 15, 2026"],
                "Total: Account",
                us,
                "%b %d, %Y",
            )
        ),
        "google_de.csv": _text(
            google(
                log,
                [
                    "Anzeigenstatus",
                    "Anzeigengruppe",
                    "Kampagne",
                    "Bild-Asset",
                    "Tag",
                    "Impr.",
                    "Klicks",
                    "CTR",
                    "Kosten",
                ],
                ["Anzeigenbericht", "1. Oktober 2026 - 15. Oktober 2026"],
                "Gesamt: Konto",
                german,
                "%d.%m.%Y",
            ),
            "\t",
            "utf-16",
        ),
        "google_it.tsv": _text(
            google(
                log,
                [
                    "Stato",
                    "Gruppo di annunci",
                    "Campagna",
                    "Asset immagine",
                    "Giorno",
                    "Impr.",
                    "Clic",
                    "CTR",
                    "Costo",
                ],
                ["Rapporto"],
                "Totale: account",
                german,
                "%d/%m/%Y",
            ),
            "\t",
            "utf-16-le",
        ),
        "google_pt.csv": _text(portuguese),
        "amazon_de.csv": _text(amazon, ";"),
        "tiktok.xlsx": _sheet(tiktok),
        "pinterest_es.csv": _text(pinterest, ";"),
        "microsoft.csv.gz": _packed(written(microsoft)),
        "linkedin.csv": _text(linkedin, "\t", "utf-16"),
        "criteo.csv": _text(criteo, ";"),
        "yahoo_ja.csv": _text(yahoo, ",", "cp932"),
        "placements.csv": _text(broken),
        "audiences.csv": _text(audiences),
        "api.json": lambda path: path.write_text(json.dumps(api)),
        "log.parquet": _parquet(
            {
                "sku": [r.item for r in log],
                "creative": [r.image for r in log],
                "ts": [datetime.datetime.combine(r.day, datetime.time(3)) for r in log],
                "impressions": [float(r.impressions) for r in log],
                "clicks": [r.clicks for r in log],
            }
        ),
    }
