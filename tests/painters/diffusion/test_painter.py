"""The diffusion painter on tiny checkpoints of every kind: what the models are shown, what comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from tiny_diffusion import CONTROL, make_flux, make_klein, make_sd, make_z_image

from caig_cli.cli import run as caig
from caig_cli.cutouts.cutout import Cutout
from caig_cli.cutouts.storage import cutout_png
from caig_cli.engine.run_dir import RunDir
from caig_cli.engine.workers import start_workers
from caig_cli.errors import RecipeError, UsageError
from caig_cli.painters import Shot, registry
from caig_cli.painters.compose import measure
from caig_cli.painters.diffusion import loading, single_file
from caig_cli.painters.diffusion import painter as module
from caig_cli.painters.diffusion.canvas import canvas_for, condition
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.diffusion.growth import growth
from caig_cli.painters.diffusion.kinds import KINDS, SCHEDULERS
from caig_cli.painters.diffusion.painter import DiffusionPainter
from caig_cli.painters.layout import place
from caig_cli.painters.studio.threads import one_thread
from caig_cli.pcpo import candidates
from caig_cli.pcpo.config import PainterSection, PcpoRecipe
from caig_cli.provenance.image_files import read
from caig_cli.recipe import resolve
from caig_cli.records import Box, Product
from caig_cli.stages.generate import GenerateRecipe

FAMILY = {name: "sdxl" if name.startswith("sdxl") else "sd15" for name in KINDS if name.startswith("sd")}
BASES = ("sd15", "sdxl", "flux-fill", "kontext", "flux2-klein", "z-image", "z-image-control")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny checkpoint of each kind, by the kind's name."""
    folder = tmp_path_factory.mktemp("diffusion")
    made = {
        "sd15": make_sd(folder / "sd15"),
        "sdxl": make_sd(folder / "sdxl", xl=True),
        "flux-fill": make_flux(folder / "fill", "FluxFillPipeline"),
        "kontext": make_flux(folder / "kontext", "FluxKontextPipeline"),
        "flux2-klein": make_klein(folder / "klein"),
        "z-image": make_z_image(folder / "z-image"),
    }
    made["z-image-control"] = made["z-image"]
    return {name: made[FAMILY.get(name, name)] for name in KINDS}


@pytest.fixture(scope="module")
def section(checkpoints: dict[str, Path]) -> Callable[..., DiffusionSection]:
    def make(kind: str = "sd15", **given: Any) -> DiffusionSection:
        folder = checkpoints[kind]
        values: dict[str, Any] = {"kind": kind, "model": str(folder / "model"), "resolution": 64, "steps": 2}
        if KINDS[kind].controlnet is not None:
            values["controlnet"] = str(folder / "controlnet")
        return DiffusionSection(**values | {"growth_limit": 100.0} | given)

    return make


@pytest.fixture(scope="module")
def painters(section: Callable[..., DiffusionSection]) -> Callable[[str], DiffusionPainter]:
    made: dict[str, DiffusionPainter] = {}

    def of(kind: str) -> DiffusionPainter:
        return made.setdefault(kind, DiffusionPainter(section(kind), "cpu"))

    return of


def bottle(height: int = 60, width: int = 40) -> Cutout:
    """A bottle-like thing with a soft rim and a pattern, wider than the mask's dilation."""
    y, x = np.mgrid[:height, :width]
    inside = np.minimum.reduce([x + 1, width - x, y + 1, height - y]).astype(np.float64)
    alpha = np.clip(inside * 100, 0, 255)
    rgb = np.random.default_rng(3).integers(30, 220, (height // 4, width // 4, 3)).repeat(4, 0).repeat(4, 1)
    return Cutout(np.dstack([rgb, alpha]).astype(np.uint8))


def shot(number: int = 0, size: tuple[int, int] = (64, 64), **more: Any) -> Shot:
    return Shot(bottle(), f"a table number {number}", size, 100 + number, "middle", 0.9, **more)


class Recorder:
    """Passes a pipeline's call on and keeps its arguments."""

    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe
        self.calls: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pipe, name)

    def __call__(self, **arguments: Any) -> Any:
        kept = {name: list(v) if isinstance(v, list) else v for name, v in arguments.items()}
        self.calls.append(kept)  # some pipelines change the lists that they are given
        return self.pipe(**arguments)


@pytest.fixture
def recorded(
    painters: Callable[[str], DiffusionPainter], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], tuple[DiffusionPainter, list[dict[str, Any]]]]]:
    def of(kind: str) -> tuple[DiffusionPainter, list[dict[str, Any]]]:
        painter = painters(kind)
        recorder = Recorder(painter.pipe)
        monkeypatch.setattr(painter, "pipe", recorder)
        return painter, recorder.calls

    yield of


# --- what the pipeline receives ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", BASES)
def test_what_the_pipeline_receives(kind: str, recorded: Callable[..., Any]) -> None:
    painter, calls = recorded(kind)
    shots = [shot(0), shot(1)]
    ads = painter.paint(shots)
    (call,) = calls
    row = KINDS[kind]
    assert [type(ad) for ad in ads] == [Image.Image] * 2 and {ad.size for ad in ads} == {(64, 64)}
    assert call["prompt"] == [row.template.format(prompt=one.prompt) for one in shots]
    assert call["guidance_scale"] == row.guidance and call["num_inference_steps"] == 2
    assert call.get("strength", 1.0) == 1.0 and "negative_prompt" not in call
    generators = [one.initial_seed() for one in call["generator"]]
    assert generators == [100, 101] and {one.device.type for one in call["generator"]} == {"cpu"}
    seen = ["image", "mask_image", *(["control_image"] if row.controlnet else [])]
    assert [one.mode for name in seen for one in call[name]] == [
        m for m in ("RGB", "L", "RGB")[: len(seen)] for _ in range(2)
    ]
    assert (
        {one.size for name in seen for one in call[name]} == {(call["width"], call["height"])} == {(64, 64)}
    )
    assert ("control_image" in call) == (row.controlnet is not None)
    if row.controlnet:
        assert call["controlnet_conditioning_scale"] == row.control_scale


def test_the_mask_is_white_where_all_is_repainted() -> None:
    one = shot()
    seen = condition(one, canvas_for(one.size, 64, 8), (9, 9, 9), 6)
    box = place(one.product.size, one.size, "middle", 0.9)
    mask, image, edges = (np.asarray(picture) for picture in (seen.mask, seen.image, seen.control))
    centre = np.s_[box.top + 8 : box.bottom - 8, box.left + 8 : box.right - 8]
    assert (mask[centre] == 0).all()  # the product is kept
    assert (mask[:, : box.left] == 255).all() and (image[:, : box.left] == 9).all()
    rim = mask[box.top + 10, box.left : box.right]
    assert (rim[:3] == 255).all() and (rim[-2:] == 255).all()  # and its rim is painted over
    plain = condition(one, canvas_for(one.size, 64, 8), (9, 9, 9), 0)
    assert (np.asarray(plain.mask)[box.top + 10, box.left + 2 : box.right - 2] == 0).all()
    inside = np.zeros_like(mask, bool)
    inside[box.top : box.bottom, box.left : box.right] = True
    assert edges.any() and not (edges.any(axis=-1) & ~inside).any()


def test_a_black_product_has_an_outline() -> None:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[..., 3] = 255
    one = Shot(Cutout(rgba), "snow", (64, 64), 0, "middle", 0.5)
    edges = np.asarray(condition(one, canvas_for(one.size, 64, 8), (0, 0, 0), 0).control)[..., 0]
    assert edges[32, 14:18].any() and edges[14:18, 32].any()


def test_a_product_that_is_cut_off_goes_on_to_the_end_of_the_canvas() -> None:
    """What is rounded up beyond the frame is painted too: the product does not end at the frame's border."""
    rgba = np.random.default_rng(0).integers(60, 200, (60, 40, 4), dtype=np.uint8)
    rgba[..., 3] = 255
    sides = frozenset({"right", "bottom"})
    one = Shot(Cutout(rgba, sides), "snow", (90, 90), 0, scale=0.6)  # type: ignore[arg-type]
    canvas = canvas_for(one.size, 90, 16)
    assert (canvas.frame, canvas.size) == ((90, 90), (96, 96))
    assert (one.box.right, one.box.bottom) == (90, 90)
    seen = condition(one, canvas, (0, 0, 0), 6)
    mask, image = np.asarray(seen.mask), np.asarray(seen.image)
    assert (mask[one.box.top + 6 :, one.box.left + 6 :] == 0).all()
    assert (image[90:, 70:90] == image[89, 70:90]).all() and (image[50:90, 90:] == image[50:90, 89:90]).all()
    whole = Shot(Cutout(rgba), "snow", (90, 90), 0, scale=1.0)
    assert whole.box.bottom == 90
    assert (np.asarray(condition(whole, canvas, (0, 0, 0), 6).mask)[90:] == 255).all()


@pytest.mark.parametrize("ad", [(1024, 1024), (1200, 628), (1080, 1920), (1001, 999), (728, 90)])
def test_no_canvas_is_larger_than_the_pipeline_paints(ad: tuple[int, int]) -> None:
    """FLUX.2 would shrink it, and the product would no longer be where it stands."""
    row = KINDS["flux2-klein"]
    canvas = canvas_for(ad, row.resolution, row.multiple, row.most)
    area = canvas.size[0] * canvas.size[1]
    assert row.most is not None and 0.9 * row.most < area <= row.most
    with pytest.raises(ValueError, match="paints at most 1,048,576 pixels; lower resolution"):
        DiffusionSection(kind="flux2-klein", resolution=1100)


def test_a_control_net_of_one_file(checkpoints: dict[str, Path], section: Callable[..., Any]) -> None:
    """As it is published: the shape is read off its tensors."""
    folder = checkpoints["z-image-control"] / "controlnet"
    file = next(folder.glob("*.safetensors"))
    found = {**single_file.shape(file), "n_heads": 2, "n_kv_heads": 2}
    assert {name: found[name] for name in CONTROL} == CONTROL
    with pytest.raises(UsageError, match="holds no ZImageControlNetModel"):
        single_file.shape(next((checkpoints["z-image"] / "model" / "vae").glob("*.safetensors")))


def test_a_licence_that_forbids_ads_for_sale_is_reported(section: Callable[..., DiffusionSection]) -> None:
    lines = registry.planned("diffusion", section("flux-fill"))
    assert any("Non-Commercial" in line and "flux2-klein, z-image" in line for line in lines)
    for kind in ("flux2-klein", "z-image", "sd15"):
        assert not any("licence" in line for line in registry.planned("diffusion", section(kind)))
    assert not any("licence" in line for line in registry.planned("studio", section("flux-fill")))


@pytest.mark.parametrize("ad", [(64, 64), (1200, 628), (1080, 1920), (97, 64), (128, 128)])
@pytest.mark.parametrize("multiple", [8, 16])
def test_canvas_has_the_shape_of_the_ad(ad: tuple[int, int], multiple: int) -> None:
    canvas = canvas_for(ad, 512, multiple)
    assert all(side % multiple == 0 for side in canvas.size)
    assert all(0 <= side - part < multiple for side, part in zip(canvas.size, canvas.frame, strict=True))
    assert canvas.frame[0] * canvas.frame[1] == pytest.approx(512**2, rel=0.01)
    assert canvas.frame[0] / canvas.frame[1] == pytest.approx(ad[0] / ad[1], rel=0.01)


# --- what the model inside does with it --------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sd15", "sdxl", "kontext"])
def test_latents_are_kept_where_the_mask_is_black(kind: str, recorded: Callable[..., Any]) -> None:
    """The polarity, at the model itself: after the last step the kept part is the encoded product."""
    painter, calls = recorded(kind)
    painter.paint([shot()])
    pipe = painter.pipe.pipe
    call = calls[0] | {"generator": [torch.Generator().manual_seed(100)], "output_type": "latent"}
    found = pipe(**call).images
    with torch.no_grad():
        levels = torch.tensor(np.asarray(call["image"][0]), dtype=torch.float32).permute(2, 0, 1)[None]
        encoded = pipe.vae.encode(levels / 127.5 - 1).latent_dist.mode()
    if kind == "kontext":
        found = pipe._unpack_latents(found, 64, 64, pipe.vae_scale_factor)
        encoded = encoded - pipe.vae.config.shift_factor
    encoded = encoded * pipe.vae.config.scaling_factor
    small = call["mask_image"][0].resize((8, 8), Image.Resampling.NEAREST)
    keep = torch.tensor(np.asarray(small)) < 128
    assert keep.any() and not keep.all()
    off = (found - encoded).abs().amax(dim=1)[0]
    assert off[keep].max() < 1e-3 and off[~keep].mean() > 0.1


def test_fill_is_told_the_mask_with_the_picture(recorded: Callable[..., Any]) -> None:
    painter, calls = recorded("flux-fill")
    heard: list[torch.Tensor] = []
    transformer = painter.pipe.transformer
    hook = transformer.register_forward_pre_hook(
        lambda module, args, kwargs: heard.append(kwargs["hidden_states"]), with_kwargs=True
    )
    painter.paint([shot()])
    hook.remove()
    mask_TC = heard[0][0, :, -256:]  # 16 x 16 pixels of mask for each token
    tokens = mask_TC.reshape(4, 4, -1)
    assert set(mask_TC.unique().tolist()) == {0.0, 1.0}
    assert (tokens[0] == 1).any() and (tokens[:, 0].mean() > tokens[1:3, 1:3].mean())
    image = np.asarray(calls[0]["mask_image"][0]) >= 128
    assert float(mask_TC.mean()) == pytest.approx(float(image.mean()))


def test_the_controlnet_sees_the_edges(recorded: Callable[..., Any]) -> None:
    painter, calls = recorded("sd15")
    heard: list[torch.Tensor] = []
    hook = painter.pipe.controlnet.register_forward_pre_hook(
        lambda module, args, kwargs: heard.append(kwargs["controlnet_cond"]), with_kwargs=True
    )
    painter.paint([shot(0), shot(1)])
    hook.remove()
    edges = [np.asarray(one, dtype=np.float32) / 255 for one in calls[0]["control_image"]]
    wanted = torch.tensor(np.stack(edges)).permute(0, 3, 1, 2)
    assert len(heard) == 2 and all(torch.equal(one, torch.cat([wanted] * 2)) for one in heard)


@pytest.mark.parametrize(
    "given",
    [{"negative_prompt": "text"}, {"guidance": 2.0}, {"control_scale": 0.1}, {"steps": 4},
     {"mask_dilation": 24}, {"scheduler": "ddim"}, {"shadow": 0.0}],
    ids=lambda given: next(iter(given)),
)  # fmt: skip
def test_every_value_shows(
    given: dict[str, Any], section: Callable[..., DiffusionSection], painters: Callable[..., Any]
) -> None:
    (plain,) = painters("sd15").paint([shot()])
    (other,) = DiffusionPainter(section(**given), "cpu").paint([shot()])
    assert np.abs(np.asarray(plain).astype(int) - np.asarray(other)).max() > 0


# --- chance --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BASES)
def test_a_shot_does_not_depend_on_its_batch(kind: str, painters: Callable[..., Any]) -> None:
    painter = painters(kind)
    shots = [shot(0), shot(1, (48, 80)), shot(2), shot(3)]
    together = painter.paint(shots)
    alone = [painter.paint([one])[0] for one in reversed(shots)][::-1]
    for one, other in zip(together, alone, strict=True):
        assert one.size == other.size
        assert np.abs(np.asarray(one).astype(int) - np.asarray(other)).max() <= 1
    assert np.abs(np.asarray(together[0]).astype(int) - np.asarray(together[2])).max() > 8


@pytest.mark.parametrize("size", [(64, 64), (90, 50), (33, 70)])
def test_the_product_is_the_customers(size: tuple[int, int], painters: Callable[..., Any]) -> None:
    one = shot(size=size)
    (ad,) = painters("sd15").paint([one])
    found = measure(np.asarray(ad), one.product, place(one.product.size, size, "middle", 0.9))
    assert ad.size == size and found.interior == 0


def test_the_product_casts_a_soft_shadow_on_what_was_painted(
    section: Callable[..., DiffusionSection],
) -> None:
    """Darker at its foot, nowhere brighter, the same far above; its own pixels are the customer's."""
    one = Shot(bottle(), "a table", (96, 96), 7, "centre", 0.5)
    plain, shaded = (
        np.asarray(DiffusionPainter(section(shadow=strength), "cpu").paint([one])[0]).astype(int)
        for strength in (0.0, 1.0)
    )
    box = one.box
    change = (plain - shaded).sum(axis=-1)
    assert change.min() >= 0
    around = slice((box.top + box.bottom) // 2, box.bottom + 6), slice(box.left - 16, box.right + 16)
    assert (change / plain.sum(axis=-1))[around].max() > 0.06
    assert change[: box.top].max() == 0
    assert measure(shaded.astype(np.uint8), one.product, box).interior == 0


def test_what_grows_is_painted_again(
    section: Callable[..., DiffusionSection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the shots over the limit, with seeds of their own; the best try is kept."""
    painter = DiffusionPainter(section(growth_limit=0.1, retries=2, batch=8), "cpu")
    recorder = Recorder(painter.pipe)
    monkeypatch.setattr(painter, "pipe", recorder)
    said = iter([0.05, 0.5, 0.4, 0.3, 0.45, 0.35, 0.2])
    monkeypatch.setattr(module, "growth", lambda *_: next(said))
    shots = [shot(n) for n in range(3)]
    painter.paint(shots)
    sizes = [len(call["prompt"]) for call in recorder.calls]
    assert sizes == [3, 2, 2][: len(sizes)]
    facts = [dict(painter.notes(one).background) for one in shots]
    assert [one["growth"] for one in facts] == [0.05, 0.3, 0.2]
    assert [one["attempts"] for one in facts] == [1, 3, 3]
    assert facts[0]["seed"] == 100 and facts[1]["seed"] != 101 != facts[2]["seed"]
    seeds = [one.initial_seed() for call in recorder.calls for one in call["generator"]]
    assert len(set(seeds)) == len(seeds)


def plain_product() -> Cutout:
    return Cutout(np.full((30, 20, 4), (180, 40, 60, 255), np.uint8))


def test_growth_is_what_continues_the_product() -> None:
    product, box = plain_product(), Box(30, 20, 50, 50)
    ad = np.full((80, 80, 3), (90, 120, 140), np.uint8)
    ad[20:50, 30:50] = product.rgba[..., :3]
    assert growth(ad, product, box) == 0
    ad[50:65, 30:50] = (184, 42, 58)  # a foot of half its height
    assert growth(ad, product, box) == pytest.approx(0.5)
    ad[2:12, 5:15] = (180, 40, 60)  # another thing of its colour
    assert growth(ad, product, box) == pytest.approx(0.5)
    ad[50:80, 30:50] = (180, 40, 60)  # down to the frame's edge
    assert growth(ad, product, box) == pytest.approx(1.0)
    ad[:] = (180, 40, 60)  # a background of its colour is no product
    assert growth(ad, product, box) == 0


@pytest.mark.parametrize("colour", [(180, 40, 60), (238, 238, 236), (40, 42, 45)])
def test_growth_knows_handles_from_plates(colour: tuple[int, int, int]) -> None:
    """A handle in the shade is more product; a plate of its own colour under it is not."""
    product = Cutout(np.full((30, 20, 4), (*colour, 255), np.uint8))
    box, ground = Box(30, 20, 50, 50), np.full((80, 80, 3), (120, 130, 110), np.uint8)
    ground[20:50, 30:50] = colour
    for levels in (0, 15, -15):
        ad = ground.copy()
        ad[26:40, 50:58] = np.clip(np.array(colour) + levels, 0, 255)
        assert growth(ad, product, box) == pytest.approx(14 * 8 / 600)
    for levels in (0, -6):
        rows, columns = np.mgrid[:80, :80]
        ad = ground.copy()
        ad[((rows - 50) / 7) ** 2 + ((columns - 40) / 22) ** 2 < 1] = np.array(colour) + levels
        ad[20:50, 30:50] = colour
        assert growth(ad, product, box) == 0
    ad = ground.copy()
    ad[26:40, 50:58] = np.clip(np.array(colour) + np.array((25, -25, 0)), 0, 255)  # another colour beside it
    assert growth(ad, product, box) == 0


def test_pcpo_paints_several_products_together(
    workdir: Path, section: Callable[..., DiffusionSection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rivals share a seed; a batch of the model is filled from as many products as it takes."""
    (workdir / "cutout.png").write_bytes(cutout_png(bottle()))
    products = [Product(f"p{n}", workdir / "cutout.png") for n in range(3)]
    jobs = [
        candidates.CandidateJob(one, workdir / "cutout.png", ("a table", "snow"), 5 + n)
        for n, one in enumerate(products)
    ]
    means = registry.PainterConfig(device="cpu", diffusion=section(batch=4))
    painter = DiffusionPainter(means.diffusion, "cpu")
    monkeypatch.setattr(candidates, "_painter", lambda name, given: painter)
    recorder = Recorder(painter.pipe)
    monkeypatch.setattr(painter, "pipe", recorder)
    brush = PainterSection(name="diffusion", size="64x64", placement="middle", scale=0.9)
    with RunDir.open(workdir / "run", "pcpo", PcpoRecipe()) as run, start_workers(1, one_thread) as pool:
        assert sum(1 for _ in candidates.paint(jobs, brush, means, run, pool)) == 3
        assert len(list((run.path / "ads").glob("*.png"))) == 6
    assert [[one.initial_seed() for one in call["generator"]] for call in recorder.calls] == [
        [5, 5, 6, 6],
        [7, 7],
    ]


# --- models --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers_by_name(
    name: str, section: Callable[..., DiffusionSection], painters: Callable[..., Any]
) -> None:
    kind = "flux-fill" if name.startswith("flow-") else "sd15"
    painter = DiffusionPainter(section(kind, scheduler=name), "cpu")
    assert type(painter.pipe.scheduler).__name__ == SCHEDULERS[name][0]
    own = painters(kind).pipe.scheduler.config
    assert all(
        painter.pipe.scheduler.config[key] == own[key] for key in ("beta_start", "shift") if key in own
    )
    (ad,) = painter.paint([shot()])
    assert np.isfinite(np.asarray(ad)).all()


def lora(folder: Path, pipe: Any) -> Path:
    """LoRA weights on the UNet's attention, as the trainers of diffusers write them."""
    weights: dict[str, torch.Tensor] = {}
    for name, layer in pipe.unet.named_modules():
        if name.endswith("to_q"):
            weights[f"unet.{name}.lora_A.weight"] = torch.randn(2, layer.in_features)
            weights[f"unet.{name}.lora_B.weight"] = torch.randn(layer.out_features, 2)
    folder.mkdir()
    save_file(weights, folder / "pytorch_lora_weights.safetensors")
    return folder


def test_lora_weights_are_added_to_the_model(
    tmp_path: Path, section: Callable[..., DiffusionSection], painters: Callable[..., Any]
) -> None:
    plain = painters("sd15").pipe
    folder = lora(tmp_path / "lora", plain)
    whole = DiffusionPainter(section(lora=str(folder)), "cpu").pipe
    half = DiffusionPainter(
        section("sd15-lcm", lora=str(folder / "pytorch_lora_weights.safetensors"), lora_scale=0.5), "cpu"
    ).pipe
    name = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight"
    before, once, by_half = (dict(pipe.unet.named_parameters())[name] for pipe in (plain, whole, half))
    assert (once - before).abs().max() > 0.1
    assert torch.allclose(by_half - before, (once - before) / 2, atol=1e-5)
    assert type(half.scheduler).__name__ == "LCMScheduler"  # the kind's row: few steps, little guidance
    assert KINDS["sd15-lcm"].steps <= 8 and KINDS["sd15-lcm"].guidance < 2


def test_memory_savers_are_asked_for(section: Callable[..., DiffusionSection]) -> None:
    painter = DiffusionPainter(section(vae_slicing=True, vae_tiling=True), "cpu")
    assert painter.pipe.vae.use_slicing and painter.pipe.vae.use_tiling
    with pytest.raises(UsageError, match=r"diffusion.offload=model needs a GPU"):
        DiffusionPainter(section(offload="model"), "cpu")


@pytest.mark.parametrize("offload", ["none", "model", "sequential"])
def test_parking(
    offload: str, section: Callable[..., DiffusionSection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An offloaded pipeline manages its own places; any other goes where it is told."""
    painter = DiffusionPainter(section(), "cpu")
    said: list[tuple[str, object]] = []
    for name in ("enable_model_cpu_offload", "enable_sequential_cpu_offload"):
        monkeypatch.setattr(painter.pipe, name, lambda device, name=name: said.append((name, device)))
    monkeypatch.setattr(painter.pipe, "to", lambda device: said.append(("to", device)))
    chosen = section(offload=offload)
    loading.settle(painter.pipe, chosen, torch.device("cuda"))
    monkeypatch.setattr(painter, "_section", chosen)
    painter.to("cpu")
    first = {"none": "to", "model": "enable_model_cpu_offload", "sequential": "enable_sequential_cpu_offload"}
    assert said[0] == (first[offload], torch.device("cuda"))
    assert said[1:] == ([("to", "cpu")] if offload == "none" else [])


def test_precision(section: Callable[..., DiffusionSection], painters: Callable[..., Any]) -> None:
    assert painters("sd15").pipe.unet.dtype == torch.float32
    painter = DiffusionPainter(section(dtype="bf16"), "cpu")
    assert painter.pipe.unet.dtype == painter.pipe.controlnet.dtype == torch.bfloat16
    painter.paint([shot()])
    with pytest.raises(UsageError, match="fp16 needs a GPU"):
        DiffusionPainter(section(dtype="fp16"), "cpu")


def test_the_safety_checker_is_not_loaded(painters: Callable[..., Any]) -> None:
    assert painters("sd15").pipe.safety_checker is None


def test_a_half_precision_copy_is_found(
    tmp_path: Path, checkpoints: dict[str, Path], section: Callable[..., DiffusionSection]
) -> None:
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(checkpoints["sd15"] / "model", folder)
    for path in folder.rglob("*.safetensors"):
        path.rename(path.with_name(f"{path.stem}.fp16.safetensors"))
    DiffusionPainter(section(model=str(folder)), "cpu")


# --- prompts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sd15", "flux-fill"])
def test_what_of_a_prompt_is_not_read_is_reported(kind: str, painters: Callable[..., Any]) -> None:
    painter = painters(kind)
    limit = KINDS[kind].reads[1]
    end = "and a lamp"
    words = " ".join(["ab"] * limit)
    one, short = Shot(bottle(), f"{words} {end}", (64, 64), 1, "middle", 0.9), shot()
    painter.paint([one, short])
    (unread,) = painter.notes(one).left_out
    assert unread.endswith(end) and one.prompt.endswith(unread) and len(unread) > len(end)
    assert painter.notes(short).left_out == ()
    tokenizer = getattr(painter.pipe, KINDS[kind].reads[0])
    read = one.prompt.removesuffix(unread).strip()
    assert len(tokenizer(read)["input_ids"]) <= limit


def test_a_negative_prompt_must_be_read_whole(section: Callable[..., DiffusionSection]) -> None:
    with pytest.raises(UsageError, match="negative_prompt: sd15 does not read all; drop 'b"):
        DiffusionPainter(section(negative_prompt="b" * 90), "cpu")


# --- mistakes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "dall-e"}, "no such kind; known: sd15, sd15-lcm"),
        ({"scheduler": "quick"}, "no such scheduler; known: euler-a"),
        ({"scheduler": "flow-euler"}, "scheduler flow-euler is not for kind sd15; use euler-a"),
        ({"kind": "flux-fill", "control_scale": 1.0}, "kind flux-fill has no ControlNet"),
        ({"kind": "kontext", "negative_prompt": "text"}, "kind kontext takes no negative prompt"),
        ({"negative_prompt": "text", "guidance": 1.0}, "negative_prompt has no effect"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        resolve(GenerateRecipe, flags={f"diffusion.{key}": value for key, value in values.items()})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("sd15", {"model": "/nowhere"}, r"/nowhere: no such folder"),
        ("sd15", {"model": "SDXL"}, "holds a StableDiffusionXLPipeline, which kind sd15 cannot use"),
        ("kontext", {"model": "FILL"}, "holds a FluxFillPipeline, which kind kontext cannot use"),
        ("sd15", {"controlnet": "SDXL-CONTROL"}, "was made for another kind than sd15"),
        ("sd15", {"controlnet": "UNET"}, "holds no ControlNetModel but UNet2DConditionModel"),
        ("sd15", {"model": "EMPTY"}, "no model in the layout of diffusers here"),
        ("sd15", {"model": "TORN"}, "cannot be loaded"),
        ("sd15", {"lora": "EMPTY"}, "name one of its safetensors files"),
    ],
)
def test_models_that_do_not_fit_are_refused(
    kind: str, given: dict[str, str], message: str, tmp_path: Path,
    checkpoints: dict[str, Path], section: Callable[..., DiffusionSection],
) -> None:  # fmt: skip
    import shutil

    torn = tmp_path / "torn"
    shutil.copytree(checkpoints["sd15"] / "model", torn)
    next((torn / "unet").glob("*.safetensors")).unlink()
    (tmp_path / "empty").mkdir()
    known = {
        "SDXL": checkpoints["sdxl"] / "model", "FILL": checkpoints["flux-fill"] / "model",
        "SDXL-CONTROL": checkpoints["sdxl"] / "controlnet", "UNET": checkpoints["sd15"] / "model" / "unet",
        "EMPTY": tmp_path / "empty", "TORN": torn,
    }  # fmt: skip
    values = {name: str(known.get(value, value)) for name, value in given.items()}
    with pytest.raises(UsageError, match=message) as caught:
        DiffusionPainter(section(kind, **values), "cpu")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
    if "TORN" not in given.values():
        with pytest.raises(UsageError, match=message):
            registry.planned("diffusion", section(kind, **values))


# --- the command line ----------------------------------------------------------------------------------


def test_generate_from_end_to_end(
    workdir: Path, checkpoints: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(bottle().rgba).save(workdir / "bottle.png")
    folder = checkpoints["sd15"]
    sets = [
        "generate.painter=diffusion", "diffusion.kind=sd15", f"diffusion.model={folder / 'model'}",
        f"diffusion.controlnet={folder / 'controlnet'}", "diffusion.resolution=64", "diffusion.steps=2",
    ]  # fmt: skip
    words = ["generate", "--product", "bottle.png", "--prompt", "unicorns on a walnut table", "-n", "3",
             "--size", "96x64", "--json", "--out", "run", "--set", "judge.model=null"]  # fmt: skip
    for one in sets:
        words += ["--set", one]
    assert caig([*words, "--dry-run"]) == 0
    assert "painter diffusion, sd15 (model)" in capsys.readouterr().out
    assert caig(words) == 0
    ads = json.loads(capsys.readouterr().out)["ads"]
    assert len(ads) == 3 and len({Path(ad["path"]).read_bytes() for ad in ads}) == 3
    rows = [json.loads(line) for line in (workdir / "run" / "manifest.jsonl").read_text().splitlines()]
    for row in rows:
        assert row["fidelity"]["interior"] == 0 and row["ignored"] == []
        assert set(row["background"]) == {"seed", "attempts", "growth"}
    claims = read(Path(ads[0]["path"])).claims
    assert claims is not None and claims.source.endswith("/compositeWithTrainedAlgorithmicMedia")
    assert claims.facts["painter"] == "diffusion, sd15 (model)"
    wrong = [word.replace("kind=sd15", "kind=sdxl") for word in words]
    assert caig([*wrong, "--overwrite"]) == 2
    assert "which kind sdxl cannot use" in capsys.readouterr().err
