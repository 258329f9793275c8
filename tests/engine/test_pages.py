"""Reports escape what they show and stay whole without the network; contact sheets hold every picture."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from caig_cli.engine.pages import (
    BeforeAfter,
    Card,
    Figure,
    Gallery,
    PicturePairs,
    TextTable,
    contact_sheet,
    report,
)

HOSTILE = '<script>alert("x")</script>{{ 7 * 7 }}'


def _picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (60, 40)) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def test_texts_are_data_and_pictures_are_inlined(tmp_path: Path) -> None:
    ad = _picture(tmp_path / "ads" / 'a"b.png', (200, 10, 10))
    sections = [
        Gallery(HOSTILE, [Card(ad, HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE})]),
        TextTable(HOSTILE, [HOSTILE], [[HOSTILE]]),
        Figure("plot", ad.read_bytes()),
    ]
    page = "".join(report(HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, sections, root=tmp_path))
    assert "<script" not in page
    assert "{{ 7 * 7 }}" in page
    assert 'href="ads/a&#34;b.png"' in page
    assert page.count("data:image/jpeg;base64,") == 1
    assert page.count("data:image/png;base64,") == 1
    assert "http://" not in page and "https://" not in page


def test_photos_stand_beside_what_was_cut_out_of_them(tmp_path: Path) -> None:
    photo = _picture(tmp_path / "photos" / "a.png", (10, 200, 10))
    Image.new("RGBA", (60, 40)).save(tmp_path / "cut.png")
    (tmp_path / "torn.png").write_bytes(photo.read_bytes()[:60])
    pairs = [
        BeforeAfter(photo, tmp_path / "cut.png", HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, HOSTILE),
        BeforeAfter(tmp_path / "torn.png", None, "torn", fault="the file is truncated", state="refused"),
    ]
    page = "".join(report("t", "s", {}, [PicturePairs("Pairs", pairs)], root=tmp_path))
    assert "<script" not in page and "{{ 7 * 7 }}" in page
    assert page.count("data:image/jpeg;base64,") == 2 and 'href="cut.png"' in page
    assert "cannot be opened" in page and "no cut-out" in page and "the file is truncated" in page
    assert str(tmp_path) not in page, "photos are shown, but not by their paths"


def test_the_page_comes_in_pieces_and_reads_sections_lazily(tmp_path: Path) -> None:
    drawn: list[int] = []

    def sections() -> object:
        for index in range(3):
            drawn.append(index)
            yield TextTable(f"part {index}", ["n"], [["1"]])

    pieces = iter(report("t", "s", {}, sections(), root=tmp_path))  # type: ignore[arg-type]
    text = ""
    while "part 0" not in text:
        text += next(pieces)
    assert drawn != [0, 1, 2]


def test_a_contact_sheet_shows_each_picture_whole(tmp_path: Path) -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    paths = [_picture(tmp_path / f"{i}.png", colour) for i, colour in enumerate(colours)]
    sheet = contact_sheet(paths, cell=60)
    found = {colour for _, colour in sheet.getcolors(1 << 20) or []}
    assert set(colours) <= found


def test_an_empty_contact_sheet_is_still_a_picture() -> None:
    assert contact_sheet([]).size[0] > 0


def test_a_contact_sheet_has_the_columns_asked_for_and_paper_under_transparency(tmp_path: Path) -> None:
    clear = tmp_path / "clear.png"
    picture = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 40, 20))
    picture.save(clear)
    solid = _picture(tmp_path / "solid.png", (0, 250, 0), (40, 40))
    sheet = contact_sheet([clear, solid, solid, solid, solid], columns=4, cell=40, most=5)
    assert sheet.size == (4 * 42 + 2, 2 * 42 + 2)
    assert sheet.getpixel((20, 10)) == (0, 0, 255)
    assert sheet.getpixel((20, 35)) == sheet.getpixel((0, 0)), "no hidden colour shows"
    assert sheet.getpixel((20, 60)) == (0, 250, 0), "the fifth begins the second row"
