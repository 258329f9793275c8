"""Words of click logs that are no column names: empty cells, totals, hours, kinds of events."""

from __future__ import annotations

import re
import unicodedata

from caig_cli.clicks.platforms import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split(","))


TOTALS = _words(
    "total,totals,totals and averages,grand total,sum,overall,summary,gesamt,insgesamt,"
    "summe,gesamtsumme,gesamtergebnis,totaux,"
    "total général,ensemble,totale,totali,totale complessivo,total general,totales,geral,total geral,"
    "totaal,eindtotaal,razem,suma,łącznie,итого,всего,合計,総計,計,総合計,合計行,합계,총계,总计,合计,总和,toplam,"
    "yhteensä,summa,i alt"
)
"""What a row of totals is called."""

EVERYTHING = _words(
    "all,alle,tous,toutes,todos,todas,tutti,tutte,wszystkie,wszystko,すべて,全て,全部,전체,все,tümü,alla,kaikki,"
    "all ages,all genders,all placements,all devices,all countries,any,overall,combined"
)
"""What a breakdown calls the row of all."""

HOURS = _words("hour,hour of day,hour of the day,stunde,tageszeit,heure,hora,ora,uur,時間,時間帯,시간")
"""Columns of figures that break a day down."""

IMPRESSIONS = _words(
    "impression,impressions,impr,imps,imp,view,viewed,show,shown,display,exposure,serve,served,ad_impression,ad_view,"
    "view_promotion,view_item_list,promotion viewed,product list viewed,product viewed,item viewed,"
    "ad viewed,ad shown,ad displayed,ad_served,ad rendered,"
    "Einblendung,affichage,impresión,visualizzazione,impressão,表示,インプレッション,展现,노출"
)
"""Events that are impressions."""

CLICKS = _words(
    "click,clicks,clicked,clk,ad_click,link_click,tap,Klick,clic,clique,クリック,点击,클릭,"
    "select_promotion,select_item,select_content,promotion clicked,product clicked,item clicked,ad clicked,"
    "ad tapped,click_through,clickthrough,outbound_click"
)
"""Events that are clicks."""

ROW_LABELS = _words(
    "row labels,zeilenbeschriftungen,étiquettes de lignes,etiquetas de fila,etichette di riga,"
    "rótulos de linha,rijlabels,etykiety wierszy,行ラベル,行标签,행 레이블,satır etiketleri,названия строк"
)
"""The one column of labels of a pivot table in compact form."""

_MAYBE_TOTAL = re.compile(r"\W?[^\W\d_][^\d:：]{0,24}(?:[:：]|$)")

_BEGINS = re.compile(rf"\W*(?:{'|'.join(sorted({word[0] for word in TOTALS}))})", re.I)
"""How names of totals begin, case and accents aside: what most cells are told by."""

_COUNTED = re.compile(
    r"(?:\(?\s*\d[\d.,\s]*\)|(?:of|von|de|di|van|sur|z)\s+\d[\d.,\s]*(?:\w+)?"
    r"|[-–—/|]\s*(?:all|alle|account|konto|campaigns?|ads?|filtered|search|display)\b.{0,20})",
    re.I,
)
"""What may follow the word for a total: Total of 240 results, Total (240), Total - all ads."""

_UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Marks that nobody sees: of the direction of writing, of no width."""

GAPS = frozenset({"", "-", "--", "---", "–", "—"})
"""Cells of names that are empty."""


def plain(text: str) -> str:
    """A cell as people see it, full-width characters as others, without what keeps Excel from rounding."""
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    text = text.strip()
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') else text


def is_gap(value: object) -> bool:
    """Whether a cell of a name is empty."""
    return value is None or (isinstance(value, str) and value.strip() in GAPS)


def is_everything(value: object) -> bool:
    """Whether a cell of a breakdown stands for all values."""
    return is_gap(value) or (isinstance(value, str) and len(value) < 40 and fold(value) in EVERYTHING)


def is_total(value: object) -> bool:
    """Whether a cell is the name of a row of totals, such as ``Total: Account``."""
    if not isinstance(value, str) or len(value) > 60 or not _BEGINS.match(value):
        return False
    word, _, rest = value.strip().partition(" ")
    if rest and fold(word) in TOTALS and _COUNTED.fullmatch(rest.strip()):
        return True
    if not _MAYBE_TOTAL.match(value):
        return False
    head, colon, _ = value.replace("：", ":").partition(":")
    return fold(value) in TOTALS or (bool(colon) and fold(head) in TOTALS)
