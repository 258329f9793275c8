"""Recipe sections of ``caig generate``. No torch: the help reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from caig_cli.cutouts.source import CutoutSource
from caig_cli.data.shards import ShardName
from caig_cli.engine.hub_name import ModelName
from caig_cli.feeds.options import Variants
from caig_cli.mllm.config import PlannedRecipe
from caig_cli.mllm.writing import WriterSection
from caig_cli.painters.diffusion.config import DiffusionSection
from caig_cli.painters.layout import FrameSizes, Placement
from caig_cli.painters.pose import Stance
from caig_cli.painters.registry import PainterName
from caig_cli.provenance.formats import Format
from caig_cli.recipe import Section


class GenerateSection(Section):
    """What to advertise and how the ads should look."""

    product: Path | None = None
    """Product image, folder of images, JSON, JSONL or CSV file of products, or a shop's feed."""

    feed: str = "auto"
    """Whose feed it is: auto (by its header), or a name of docs/feeds.md, such as google or shopify."""

    columns: dict[str, str] = {}
    """Columns of a feed by what they hold (field=title), where auto does not find them: image=Bild."""

    images: Path | None = None
    """Folder with the photos that a feed or table names, found by the file's name, or by id or SKU."""

    fetch: bool = False
    """Download photos that are web addresses: https only, nothing of private networks, each once."""

    variants: Variants = "one"
    """Ads of a product with variants: of one, of each with a picture of its own (picture), or of each."""

    caption: str | None = None
    """Title of the product, where its record has none."""

    attributes: dict[str, str] = {}
    """Facts about the product (key=value), added to those of its record."""

    mask: Path | None = None
    """Image that is white where the product is, for a single product image."""

    shard: ShardName | None = None
    """Make only shard i of n of the products (i/n, from 0/n): for n runs on as many machines, which caig
    merge puts together. Products go by a hash of their id; unreadable records are told by shard 0."""

    engine: Literal["local", "ray"] = "local"
    """What makes the ads: this process (local), or Ray Data's actors on the machines of section ray, which
    write Parquet files of ads that caig merge makes one run."""

    recursive: bool = False
    """Read the subfolders of a folder of products too."""

    allow_outside: bool = False
    """Accept images outside the folder of the file that names them."""

    cutout: CutoutSource = "auto"
    """How a product is cut out of its photo: auto, plain (by the backdrop's colour), or by a segmentation
    network: FILE.onnx or org/name/FILE.onnx[@revision]. A column cutout of a table wins."""

    accept_doubtful: bool = False
    """Make ads of doubtful cut-outs too, instead of listing them as not used."""

    prompt: str | None = None
    """Background prompt in your own words; empty lets the prompt model write. A column prompt of a table
    wins for its product; so do columns n, seed, size, placement, scale and stance."""

    rewrite: bool = False
    """Let the prompt model improve the given prompt."""

    n: Annotated[int, Field(ge=1, le=64)] = 4
    """Ads per product."""

    candidates: Annotated[int, Field(ge=1, le=64)] | None = None
    """Ads tried as previews per product, of which the n that the judge ranks highest are made; empty means
    8 (at least n) where there is a judge, and n where there is none."""

    oversample: Annotated[int, Field(ge=1, le=16)] = 3
    """Prompts sampled for each one that is tried: those whose sets suit the product are taken, the most usual
    first, and plain sets for the rest. 1 takes them as they come."""

    size: FrameSizes = "square"
    """Size of an ad: square, portrait, story, landscape or WIDTHxHEIGHT in pixels; of several with commas
    between each ad is made in every one, photographed anew."""

    format: Format = "png"
    """Format of the files; png keeps every pixel, the others are smaller."""

    again: Path | None = None
    """Ad of a finished run to make once more inside its run, with another prompt, seed or size."""

    placement: Placement | None = None
    """Where the product is in the frame; empty differs between the candidates, where the prompt's words
    ("empty space on the left") do not say."""

    scale: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the frame's width and height that the product may fill; empty suits its shape and the frame,
    and differs between the candidates."""

    stance: Stance | None = None
    """How the product is placed: stand, lie (seen from straight above), hang, lean, float, or worn (stays at
    the frame's side); empty follows the prompt's words, the title and the photo. A column stance wins."""

    relight: bool = False
    """Let the product take on the light of the set: its tone changes, label and detail stay, and the manifest
    says by how much. Without it the product's pixels are exactly the photo's."""

    painter: PainterName = "studio"
    """What paints the background: studio photographs a ray-traced set, diffusion uses the model of section
    diffusion, fake paints a gradient."""

    batch: Annotated[int, Field(ge=1, le=64)] | None = None
    """Ads painted at once, which a killed run paints again; empty: diffusion.batch for diffusion, else 1."""


class PreviewJudgeSection(Section):
    """Who says which previews are worth painting large."""

    model: ModelName | None = "auto"
    """Reward model (embedded, a folder of caig train-rm, org/name[@revision]) or a judge of another kind as
    in eval-rm (zero-shot:MODEL, api:MODEL, a plug-in's); auto takes the one that trained the prompt model in
    caig pcpo, or else embedded; empty does not rank."""


class RaySection(Section):
    """Where and how Ray makes the ads, with generate.engine=ray (pip install caig[ray])."""

    address: str | None = None
    """Cluster to work on: auto (the one that this machine is of) or ray://HOST:PORT; empty starts one on this
    machine."""

    actors: Annotated[int, Field(ge=1)] | None = None
    """Processes that make ads, each with its own models; empty lets Ray start as many as fit the cluster."""

    cpus: Annotated[float, Field(gt=0)] = 1
    """Processors of an actor, and its threads."""

    gpus: Annotated[float, Field(ge=0)] = 0
    """GPUs of an actor; 0.5 lets two share one."""

    products_per_task: Annotated[int, Field(ge=1)] = 32
    """Products that are made, and written into a file, at once: what a lost actor has to make again."""

    tries: Annotated[int, Field(ge=1)] = 3
    """Times that a product may end its actor's process before it is told as failed."""

    parts: str | None = None
    """Folder of the Parquet files, on a disk or store that all machines reach (s3://BUCKET/FOLDER); empty is
    the run folder's own, parts."""


class GenerateRecipe(PlannedRecipe):
    """Recipe of ``caig generate``."""

    generate: GenerateSection = GenerateSection()
    """Products and ads."""

    writer: WriterSection = WriterSection()
    """Prompt model."""

    judge: PreviewJudgeSection = PreviewJudgeSection()
    """Judge."""

    diffusion: DiffusionSection = DiffusionSection()
    """Model of the painter diffusion."""

    ray: RaySection = RaySection()
    """Ray's cluster, where it makes the ads."""
