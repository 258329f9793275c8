"""What a run of ``caig generate`` is to make, found out once: of each product, and who writes and ranks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import TypeAdapter

from caig_cli.data.shards import Shard, parse_shard
from caig_cli.errors import ItemError, UsageError
from caig_cli.generating.config import GenerateRecipe, GenerateSection
from caig_cli.judges import kind_of
from caig_cli.judges.previews import has_judge
from caig_cli.judges.stored_judge import FOLDER, judge_for
from caig_cli.painters import registry
from caig_cli.painters.ad_name import Slot
from caig_cli.painters.layout import parse_sizes
from caig_cli.recipe import recipe_hash
from caig_cli.records import Failure, Product

if TYPE_CHECKING:  # the help of caig generate comes by here
    from caig_cli.data.product_columns import Columns
    from caig_cli.painters.layout import Placement
    from caig_cli.painters.pose import Stance

MOST_IN_A_FOLDER = 10_000
"""Ads of a run from which on they, and the cut-outs, are in 256 folders by their products' ids."""
CANDIDATES = 8
"""Previews of each product where a judge is there and nothing else is said."""


@dataclass(frozen=True, slots=True)
class OrderItem:
    """What is wanted of one product: its own record's values, else those of the recipe.

    ``prompt`` is the user's; with ``writes`` the prompt model improves it, or writes where it is None.
    ``candidates`` prompts are tried, of which the best ``n`` become ads, each in all ``sizes`` (width,
    height); the first is judged.
    """

    product: Product
    prompt: str | None
    writes: bool
    n: int
    candidates: int
    ranked: bool
    sizes: tuple[tuple[int, int], ...]
    placement: Placement | None
    scale: float | None
    stance: Stance | None
    relight: bool
    seed: int
    cutout: str

    @property
    def slots(self) -> list[Slot]:
        """The places of the product's ads, best first."""
        return [Slot(self.product.id, index, size) for index in range(self.n) for size in self.sizes]


@dataclass(frozen=True)
class Order:
    """The products to make ads of, the records that can't be used, and the models that are needed.

    ``writer`` and ``judge`` are None where nobody writes or ranks; ``origin`` says how the ads are made,
    for every file and the report.
    """

    items: tuple[OrderItem, ...]
    failed: tuple[Failure, ...]
    writer: str | None
    judge: str | None
    origin: Mapping[str, str]
    table: Path | None = None
    spread: bool = False
    """Whether the run has its pictures in many folders: one of millions of files is slow to list."""

    @property
    def files(self) -> list[Path]:
        """The files that the ads are made of, without fetched ones: photos, masks and their table."""
        named = [file for item in self.items for file in (item.product.image, item.product.mask)]
        fetched = {path for item in self.items for path in item.product.addresses}
        return [file for file in (self.table, *named) if file is not None and file not in fetched]

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """The place of each product by its id."""
        return {item.product.id: number for number, item in enumerate(self.items)}

    @property
    def ads(self) -> int:
        """How many ads are wanted."""
        return sum(item.n * len(item.sizes) for item in self.items)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """The sizes of the ads, smallest area first."""
        sizes = {size for item in self.items for size in item.sizes}
        return sorted(sizes, key=lambda size: (size[0] * size[1], size))

    def finished(self, done: Collection[Slot]) -> set[str]:
        """Products whose ads are all among the ``done``."""
        return {item.product.id for item in self.items if set(item.slots).issubset(done)}

    def without(self, products: Collection[str]) -> Order:
        """The order without some products, and without the models that nobody needs then."""
        items = tuple(item for item in self.items if item.product.id not in products)
        writer = self.writer if any(item.writes for item in items) else None
        judge = self.judge if any(item.ranked for item in items) else None
        return replace(self, items=items, writer=writer, judge=judge)

    def photographed(self, products: Iterable[Product]) -> Order:
        """The order with the photos that are used: of some products it is not the first."""
        used = {product.id: product for product in products}
        items = tuple(replace(item, product=used.get(item.product.id, item.product)) for item in self.items)
        return replace(self, items=items)

    def shard(self, shard: Shard) -> Order:
        """The shard's part; how ads are made is told as in the whole, so that an ad is the same in both."""
        others = {item.product.id for item in self.items if not shard.has(item.product.id)}
        return replace(self.without(others), failed=() if shard.index else self.failed)

    @property
    def most_candidates(self) -> int:
        """The most previews that a product has."""
        return max((item.candidates for item in self.items), default=0)


@dataclass(frozen=True, slots=True)
class _ReadOrder:
    """An order that was read, of what recipe and file, and what was told of it."""

    key: tuple[str, int, int]
    order: Order
    warned: tuple[str, ...]
    informed: tuple[str, ...]


_last: list[_ReadOrder] = []
"""The last order of a table of products: a run needs it several times, of a million records for minutes."""


def make_order(
    recipe: GenerateRecipe,
    notify: Callable[[str], None] = lambda line: None,
    inform: Callable[[str], None] = lambda line: None,
    *,
    known: bool = False,
) -> Order:
    """As ``read_order``; with ``known`` the order of the call before, where recipe and table are the same."""
    source = recipe.generate.product
    if source is None or not source.is_file():
        return read_order(recipe, notify, inform)
    stat = source.stat()
    key = (repr(recipe), stat.st_mtime_ns, stat.st_size)
    if not (known and _last and _last[0].key == key):
        warned, informed = list[str](), list[str]()
        _last.clear()
        order = read_order(recipe, warned.append, informed.append)
        _last.append(_ReadOrder(key, order, tuple(warned), tuple(informed)))
    for report, lines in ((notify, _last[0].warned), (inform, _last[0].informed)):
        for line in lines:
            report(line)
    return _last[0].order


def forget_order() -> None:
    """Let the next call read the products anew: their files may be others by then."""
    _last.clear()


def read_order(recipe: GenerateRecipe, notify: Callable[[str], None], inform: Callable[[str], None]) -> Order:
    """Read the products and settle what is wanted of each; opens no photo.

    ``notify`` is told what a user should know of the records, ``inform`` how a feed was read. Raises
    UsageError for what can't be made.
    """
    from caig_cli.feeds.options import FeedOptions, columns_of
    from caig_cli.feeds.reading import read_source

    given = recipe.generate
    if given.product is None:
        raise UsageError("no product: give an image, a folder or a file of products with --product")
    if given.relight and not registry.PAINTERS[given.painter].relights:
        raise UsageError(f"--relight: only the studio lights its sets; the painter {given.painter} does not")
    source, store = _on_this_machine(given.product)
    products, failed = read_source(
        source,
        FeedOptions(given.feed, columns_of(given.columns), given.images, given.fetch, given.variants, store),
        caption=given.caption,
        attributes=given.attributes,
        mask=given.mask,
        allow_outside=given.allow_outside,
        recursive=given.recursive,
        columns=_columns(),
        notify=notify,
        inform=inform,
    )
    judge = judge_for(recipe.judge.model, recipe.writer.model)
    judged = has_judge(judge)
    items = tuple(_item(recipe, product, judged) for product in products)
    if given.rewrite:
        wordless = [item for item in items if not item.prompt]
        if len(wordless) == len(items):
            raise UsageError("--rewrite: there is no prompt to improve; give it with --prompt")
        items = tuple(item for item in items if item.prompt)
        failed += [
            Failure(item.product.id, "--rewrite: there is no prompt of it to improve; fill the column prompt")
            for item in wordless
        ]
    writer = recipe.writer.model if any(item.writes for item in items) else None
    judge = judge if any(item.ranked for item in items) else None
    table = source if source.is_file() else None
    order = Order(items, tuple(failed), writer, judge, _origin(recipe, writer, judge), table)
    order = replace(order, spread=order.ads > MOST_IN_A_FOLDER)
    return order if given.shard is None else order.shard(parse_shard(given.shard))


def _on_this_machine(source: Path) -> tuple[Path, str | None]:
    """The products' file or folder here, and its address where it was fetched from an object store.

    Raises UsageError where it can't be.
    """
    if ":/" not in source.as_posix():
        return source, None
    from caig_cli.data.cache import cache_folder
    from caig_cli.data.stores import address_of, fetch, mark_of
    from caig_cli.engine.runtime import derive_seed

    address = address_of(source)
    if address is None:
        return source, None

    try:
        name = f"{derive_seed(address, mark_of(address)):016x}"
        path = cache_folder() / "catalogues" / name / address.rpartition("/")[2]
        if not path.is_file():
            fetch(address, path)
    except ItemError as error:
        raise UsageError(str(error)) from None
    return path, address


def _item(recipe: GenerateRecipe, product: Product, judged: bool) -> OrderItem:
    given, own = recipe.generate, product.options
    prompt, n = _first(own.prompt, given.prompt) or None, _first(own.n, given.n)
    candidates = _candidates(given, n, judged)
    return OrderItem(
        product=product,
        prompt=prompt,
        writes=given.rewrite or not prompt,
        n=n,
        candidates=candidates,
        ranked=judged and candidates > 1,
        sizes=parse_sizes(_first(own.size, given.size)),
        placement=_first(own.placement, given.placement),
        scale=_first(own.scale, given.scale),
        stance=_first(own.stance, given.stance),
        relight=given.relight,
        seed=_first(own.seed, recipe.seed),
        cutout=_first(own.cutout, given.cutout),
    )


def _first(own: Any, given: Any) -> Any:
    """What a record says of its product wins over what is said of all."""
    return given if own is None else own


def _candidates(given: GenerateSection, n: int, judged: bool) -> int:
    """Prompts of a product: as many as ads where nobody ranks them.

    Raises UsageError when ranking was asked for and cannot be had.
    """
    if judged:
        return max(n, given.candidates or CANDIDATES)
    if (given.candidates or 0) > n:
        raise UsageError("--candidates: there is no judge to rank them; name one with --judge FOLDER")
    return n


def _origin(recipe: GenerateRecipe, writer: str | None, judge: str | None) -> dict[str, str]:
    return {
        "prompt_model": Path(writer).name if writer else "none, prompt as given",
        "painter": registry.described(recipe.generate.painter, recipe.diffusion),
        "judge": _named(judge, writer) if judge else "none",
        "recipe": recipe_hash(recipe),
    }


def _named(judge: str, writer: str | None) -> str:
    """The judge's name for people; one that is stored in an adapter is known by that."""
    if kind_of(judge) != "trained":
        return judge
    path = Path(judge)
    return f"of {path.parent.name}" if path.name == FOLDER and writer is not None else path.name


@cache
def _columns() -> Columns:
    """Columns of a table of products have the types of the recipe's values of the same names."""
    from caig_cli.data.product_columns import OPTIONS, Columns

    known = GenerateSection.model_fields | {"seed": GenerateRecipe.model_fields["seed"]}
    readers: dict[str, TypeAdapter[Any]] = {}
    for name in OPTIONS:
        kind: Any = known[name].annotation
        for rule in known[name].metadata:
            kind = Annotated[kind, rule]
        readers[name] = TypeAdapter(kind)
    options = {*GenerateSection.model_fields, "judge", "seed", "threads", "device"} - {"attributes"}
    return Columns(readers, options)
