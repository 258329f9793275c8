"""What an ad says of itself: read back by another reader, signed, and compared with its photo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from test_generate import ad_file, make, photo, recipe

from caig_cli import cli
from caig_cli.cutouts.loading import load_cutout
from caig_cli.errors import ItemError
from caig_cli.painters.compose import laid_out
from caig_cli.painters.registry import source_type
from caig_cli.provenance import xmp
from caig_cli.provenance.claims import Claims
from caig_cli.provenance.formats import ENCODINGS
from caig_cli.provenance.image_files import encode, read
from caig_cli.records import Box, Product

CLAIMS = Claims(
    'Mug "<A&B>" \x07für é', "A mug. Setting: oak", source_type("diffusion, sd15 (x)"),
    {"id": "c10123456789ab", "prompt": "oak,\n<b>", "painter": "diffusion, sd15 (x)"},
)  # fmt: skip
BOX = Box(4, 4, 40, 40)


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(noise).resize((64, 48), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("kind", ENCODINGS)
def test_another_reader_finds_the_disclosure(kind: str, picture: Image.Image, tmp_path: Path) -> None:
    exiv2 = pytest.importorskip("exiv2")
    path = tmp_path / f"ad{ENCODINGS[kind].suffix}"
    path.write_bytes(data := encode(picture, kind, CLAIMS, BOX))
    assert data == encode(picture, kind, CLAIMS, BOX)
    exiv2.XmpProperties.registerNs(xmp.NAMESPACE, "caig")
    image = exiv2.ImageFactory.open(str(path))
    image.readMetadata()
    found = {datum.key(): datum.toString() for datum in image.xmpData()}
    kind_of_source = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    assert found["Xmp.iptcExt.DigitalSourceType"] == kind_of_source
    assert found["Xmp.iptc.AltTextAccessibility"] == 'lang="x-default" A mug. Setting: oak'
    assert found["Xmp.dc.title"] == 'lang="x-default" Mug "<A&B>" für é'
    assert found["Xmp.caig.id"] == "c10123456789ab" and found["Xmp.caig.prompt"] == "oak,\n<b>"
    assert found["Xmp.iptcExt.AISystemUsed"] == "diffusion, sd15 (x)"
    assert image.iccProfileDefined() and read(path).srgb


def test_a_studio_set_is_no_generative_ai() -> None:
    assert source_type("studio").endswith("digitalsourcetype/composite")
    assert b"AISystemUsed" not in xmp.packet(Claims("t", "a", source_type("studio"), {"painter": "studio"}))


@pytest.mark.parametrize("kind", ["jpeg", "webp", "avif"])
def test_a_file_is_as_good_as_its_limit_allows(kind: str, picture: Image.Image) -> None:
    large = picture.resize((256, 192), Image.Resampling.NEAREST)
    best = len(encode(large, kind, CLAIMS, BOX))
    limit = best * 3 // 4
    assert limit * 2 // 3 < len(encode(large, kind, CLAIMS, BOX, limit)) <= limit
    with pytest.raises(ItemError, match=rf"as {kind} it is \d+ bytes, over the limit of 3000"):
        encode(large, kind, CLAIMS, BOX, 3000)


@pytest.mark.parametrize(
    "data", [b"", b"<x", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", b"\xff\xfe\0", b"<a>" * 100_000]
)
def test_a_strange_packet_is_none(data: bytes) -> None:
    found = xmp.read_packet(data)
    assert found is None or not found.facts


# --- verify ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one ad of a product that hides nothing, and of a relit one's photo."""
    folder = tmp_path_factory.mktemp("verify")
    make(folder / "run", recipe(photo(folder / "cup.png"), n=1, attributes={"colour": "blue"}))
    return folder


def answer(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    capfd.readouterr()
    code = cli.run(["verify", *map(str, words), "--json"])
    told = json.loads(capfd.readouterr().out)
    return code, told["ads"][0] if "ads" in told else told


def resaved(path: Path, to: Path, at: tuple[int, int, int], *, new_digests: bool) -> Path:
    """A copy with one channel of one pixel changed by one level, as somebody saves it who keeps the metadata,
    or who writes digests of the new pixels."""
    ad = read(path)
    pixels = np.array(ad.image)
    pixels[at] = pixels[at] + 1 if pixels[at] < 255 else 254
    assert ad.claims is not None
    if new_digests:
        to.write_bytes(encode(Image.fromarray(pixels), "png", ad.claims, box_of(ad.claims)))
    else:
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.packet(ad.claims).decode())
        Image.fromarray(pixels).save(to, pnginfo=info)
    return to


def box_of(claims: Claims) -> Box:
    return Box(*map(int, claims.facts["box"].split()))


def test_an_ad_is_what_it_says(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ad = ad_file(run / "run", "cup-1")
    code, told = answer(capfd, ad, "--photo", run / "cup.png")
    assert (code, told["answer"], told["product"]["different"]) == (0, "verified", 0)
    assert told["product"]["of"] > 1000 and told["painter"] == "fake" and told["id"] in ad.name
    assert answer(capfd, ad)[0] == 0
    assert cli.run(["verify", str(ad)]) == 0
    assert "source type: http://cv.iptc.org" in capfd.readouterr().out


def test_one_level_in_one_pixel_is_found(run: Path, tmp_path: Path) -> None:
    """A hundred times: with the photo also where the forger wrote new digests."""
    from caig_cli.delivery.verifying import verify

    ad = ad_file(run / "run", "cup-1")
    claims = read(ad).claims
    assert claims is not None
    product = laid_out(load_cutout(Product("cup", run / "cup.png"), print), box_of(claims), (96, 80))
    places = np.argwhere(product[..., 3] == 255)
    rng = np.random.default_rng(3)
    for number, (y, x) in enumerate(places[rng.choice(len(places), 100, replace=False)]):
        forged = resaved(ad, tmp_path / "forged.png", (y, x, number % 3), new_digests=bool(number % 2))
        found = verify(forged, run / "cup.png", None, None, print)
        assert found.answer == "changed" and found.why.startswith("1 of ")
        assert f"column {x}, row {y}, by at most 1 levels" in found.why
        assert number % 2 or verify(forged, None, None, None, print).answer == "changed"


def test_a_changed_background_is_told_from_a_changed_product(
    run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ad = ad_file(run / "run", "cup-1")
    forged = resaved(ad, tmp_path / "x.png", (0, 0, 0), new_digests=False)
    code, told = answer(capfd, forged, "--photo", run / "cup.png")
    assert (code, told["unchanged"], told["product"]["different"]) == (1, "product", 0)
    assert "the background" in told["why"]


def test_what_cannot_be_said_is_not_claimed(
    run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (40, 40)).save(plain := tmp_path / "plain.png")
    assert answer(capfd, plain)[0] == 3
    (tmp_path / "text.png").write_text("no picture")
    code, told = answer(capfd, tmp_path / "text.png")
    assert code == 2 and "not a whole PNG" in told["error"]
    other = photo(tmp_path / "other.png", 9)
    code, told = answer(capfd, ad_file(run / "run", "cup-1"), "--photo", other)
    assert code == 1 and "nor is that the photo" in told["why"]


def test_a_lossy_file_claims_no_exact_pixels(
    run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ad = read(ad_file(run / "run", "cup-1"))
    assert ad.claims is not None
    (path := tmp_path / "ad.jpg").write_bytes(encode(ad.image, "jpeg", ad.claims, box_of(ad.claims)))
    code, told = answer(capfd, path, "--photo", run / "cup.png")
    assert code == 0 and "jpeg is lossy: the product differs" in told["why"]
    with Image.open(path) as image:
        image.save(path, quality=95, xmp=image.info["xmp"])
    assert answer(capfd, path)[0] == 1


# --- signatures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["png", "jpeg", "avif"])
def test_a_signed_manifest_is_valid_and_names_the_photo(
    kind: str, run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("c2pa")
    from delivery.certificates import make_certificates

    from caig_cli.provenance.signing import read_manifest, sign

    chain, key, root = make_certificates(tmp_path)
    ad = read(ad_file(run / "run", "cup-1"))
    assert ad.claims is not None
    data = sign(encode(ad.image, kind, ad.claims), kind, ad.claims, run / "cup.png", chain, key, "es256")
    (path := tmp_path / f"ad{ENCODINGS[kind].suffix}").write_bytes(data)
    code, told = answer(capfd, path, "--anchors", root)
    assert code == 0
    assert told["signature"] == {"state": "Trusted", "signer": "Test shop", "ingredients": ["cup.png"]}
    assert answer(capfd, path)[1]["signature"]["state"] == "Valid"
    forged = bytearray(data)
    # The pixels lie last in PNG and AVIF; in the middle of an AVIF the manifest itself may have room.
    forged[len(data) // 2 if kind == "jpeg" else -20] ^= 1
    path.write_bytes(forged)
    told = read_manifest(path, root)
    assert told is not None and told["state"] == "Invalid"
