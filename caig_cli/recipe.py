"""Recipes: the YAML of a run as strict, frozen, self-documenting pydantic models.

A value is decided by the first of: command-line flag, ``CAIG_*`` environment, ``--set``, recipe file
(and what it ``extends``), default of the field. The sentence under a field is its ``--help`` text and
its comment in the YAML that a run writes.
"""

from __future__ import annotations

import difflib
import hashlib
import inspect
import json
import re
import reprlib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from caig_cli.errors import RecipeError
from caig_cli.parsing import Malformed, parse_yaml, read_regular

Tree = dict[str, Any]


class Section(BaseModel):
    """A group of recipe values: frozen, numbers are finite, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Recipe(Section):
    """What every command's recipe holds."""

    default_recipe: ClassVar[str | None] = None
    """Shipped recipe to use when none is named; None means ``embedded``."""

    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] = 0
    """Number from which everything random is derived."""

    device: str = "auto"
    """Where to compute: auto, cpu, cuda, cuda:N or mps."""

    dtype: str = "auto"
    """Precision of the networks: auto, fp32, bf16 or fp16."""

    threads: int | None = None
    """CPU threads to use; empty means all cores."""


R = TypeVar("R", bound=Recipe)


def recipe_root() -> Path:
    """The folder of shipped recipes: inside the package when installed, beside it in a checkout."""
    packaged = Path(__file__).parent / "_recipes"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "recipes"


def shipped() -> list[str]:
    """Names of all shipped recipes, as ``--recipe`` takes them: ``set/command``."""
    root = recipe_root()
    return sorted(str(p.relative_to(root).with_suffix("")) for p in root.rglob("*.yaml"))


def command_of(cls: type[Recipe]) -> str:
    """``TrainRmRecipe`` belongs to the command ``train-rm``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__.removesuffix("Recipe")).lower()


def resolve(
    cls: type[R],
    source: str | Path | None = None,
    *,
    sets: Sequence[str] = (),
    flags: Mapping[str, Any] | None = None,
) -> R:
    """Build the recipe of a run.

    ``source`` is a shipped name (``embedded`` or ``embedded/generate``) or a YAML file; ``None`` means
    ``embedded`` if the command ships one, else the defaults. ``sets`` are ``key.path=value`` texts;
    ``flags`` maps dotted paths to values and wins. Raises RecipeError with one line for the user.
    """
    command = command_of(cls)
    tree: Tree = {}
    where: dict[str, str] = {}
    path = _find(source or cls.default_recipe, command)
    if path is not None:
        tree = _load(path, command, cls, where, seen=())
    for text in sets:
        key, sep, value = text.partition("=")
        if not sep:
            raise RecipeError(f"--set {text!r}: expected key.path=value")
        key = key.strip()
        where[key] = f"--set {text}"
        _put(tree, key, _scalar(value, _annotation(cls, key, where)))
    for key, value in (flags or {}).items():
        _annotation(cls, key, where={})
        _put(tree, key, value)
        where[key] = "command line"
    try:
        return cls.model_validate(tree)
    except ValidationError as error:
        raise RecipeError(_explain(error, where, path)) from None


def dump(recipe: Recipe) -> str:
    """The recipe as YAML, each value under the sentence that explains it; it can be run again."""
    return "\n".join(_dump_lines(recipe, recipe.model_dump(mode="json"), indent=0)) + "\n"


def without_folders(recipe: R) -> R:
    """The recipe for others: of every path of this machine only the last part is left."""
    return type(recipe).model_validate(_last_parts(recipe.model_dump()))


def recipe_hash(recipe: Recipe) -> str:
    """12 hex digits that name the recipe's effect: file paths, threads, memory and machines do not count."""
    tree = _without_paths(recipe.model_dump())
    for key in ("threads", "gpu_memory"):
        tree.pop(key, None)
    if isinstance(tree.get("generate"), dict):  # an ad is the same, whichever machine makes it
        tree.pop("ray", None)
        for key in ("shard", "engine"):
            tree["generate"].pop(key, None)
    text = json.dumps(tree, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def differences(recipe: Recipe, tree: Mapping[str, Any]) -> list[str]:
    """Dotted keys whose values differ between a recipe and a loaded ``recipe.yaml``.

    A file of an earlier version that lacks a key has the key's default.
    """
    ours, theirs = dict(leaves(recipe.model_dump(mode="json"))), dict(leaves(tree))
    for key, value in leaves(type(recipe)().model_dump(mode="json")):
        if not _is_in(key, theirs):
            theirs[key] = value
    return sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))


def _is_in(key: str, tree: Mapping[str, Any]) -> bool:
    """Whether a key is among dotted ones, or a section around it is, which is null then."""
    parts = key.split(".")
    return any(".".join(parts[:length]) in tree for length in range(1, len(parts) + 1))


def replaced(recipe: R, values: Mapping[str, Any]) -> R:
    """The recipe with other values of some dotted keys. Raises ValidationError where they don't fit it."""
    tree = recipe.model_dump()
    for key, value in values.items():
        _put(tree, key, value)
    return type(recipe).model_validate(tree)


def fields(cls: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every value of a recipe class as (dotted key, field), sections opened."""
    for name, field in cls.model_fields.items():
        section = section_of(field)
        if section is None:
            yield prefix + name, field
        else:
            yield from fields(section, f"{prefix}{name}.")


def section_of(field: FieldInfo) -> type[Section] | None:
    """The Section class of a field, also when it may be null; None for a plain value."""
    return next(
        (kind for kind in kinds(field.annotation) if inspect.isclass(kind) and issubclass(kind, Section)),
        None,
    )


def kinds(annotation: Any) -> set[Any]:
    """The types that a value may have, without parameters: ``dict[str, str] | None`` is dict or NoneType."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return kinds(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return set().union(*(kinds(part) for part in arguments))
    return {annotation if origin in (None, typing.Literal) else origin}


# --- reading ---------------------------------------------------------------------------------------


def _find(
    source: str | Path | None, command: str, option: str = "--recipe", beside: Path = Path()
) -> Path | None:
    """The file of a recipe's name or path; paths start in ``beside``, ``option`` opens the complaint."""
    root = recipe_root()
    if source is None:
        path = root / "embedded" / f"{command}.yaml"
        return path if path.is_file() else None
    if str(source) == "embedded" and not (root / "embedded" / f"{command}.yaml").is_file():
        return None
    candidates = [beside / source, root / f"{source}.yaml", root / str(source) / f"{command}.yaml"]
    for path in candidates:
        if path.is_file():
            return path
    near = difflib.get_close_matches(str(source), shipped(), n=1, cutoff=0.4)
    hint = f"; did you mean {near[0]}?" if near else f"; shipped recipes: {', '.join(shipped()) or 'none'}"
    raise RecipeError(f"{option} {source}: no such file or shipped recipe{hint}")


def _load(path: Path, command: str, cls: type[Recipe], where: dict[str, str], seen: tuple[Path, ...]) -> Tree:
    """One YAML file over the file it extends; ``where`` learns ``file:line`` for each key."""
    if path in seen:
        raise RecipeError(f"{path}: extends itself")
    try:
        tree, node = parse_yaml(read_regular(path).decode("utf-8-sig", "replace"))
    except Malformed as error:
        line = f":{error.line}" if error.line else ""
        raise RecipeError(f"{path}{line}: {error}") from None
    tree = {} if tree is None else tree
    if not isinstance(tree, dict):
        raise RecipeError(f"{path}: a recipe is a mapping of keys to values")
    parent = tree.pop("extends", None)
    lines = dict(_key_lines(node, path))
    lines.pop("extends", None)
    for key in lines:
        _annotation(cls, key, lines)
    base: Tree = {}
    if parent is not None:
        found = _find(str(parent), command, f"{path}: extends", path.parent)
        base = _load(found, command, cls, where, (*seen, path)) if found else {}
    where.update(lines)
    return _merge(base, tree)


def _key_lines(node: yaml.Node | None, path: Path, prefix: str = "") -> Iterator[tuple[str, str]]:
    if not isinstance(node, yaml.MappingNode) or prefix.count(".") > 8:  # an alias may hold itself
        return
    known: set[str] = set()
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        place = f"{path}:{key.start_mark.line + 1}"
        if name in known:
            raise RecipeError(f"{place}: key {name!r} is given twice")
        known.add(name)
        yield name, place
        yield from _key_lines(value, path, f"{name}.")


def _annotation(cls: type[BaseModel], key: str, where: Mapping[str, str]) -> Any:
    """The type behind a dotted key, which may go into a mapping; an unknown key is an error."""
    current: type[BaseModel] = cls
    parts = key.split(".")
    for depth, part in enumerate(parts):
        field = current.model_fields.get(part)
        if field is None:
            raise RecipeError(_unknown(cls, key, where))
        section = section_of(field)
        if section is None:
            rest = len(parts) - depth - 1
            if rest > 1 or (rest and dict not in kinds(field.annotation)):
                raise RecipeError(_unknown(cls, key, where))
            return _value_type(field.annotation) if rest else field.annotation
        current = section
    return current


def _value_type(annotation: Any) -> Any:
    """``float`` of ``dict[str, float] | None``."""
    parts = (annotation, *typing.get_args(annotation))
    return next(typing.get_args(part)[1] for part in parts if typing.get_origin(part) is dict)


def _unknown(cls: type[BaseModel], key: str, where: Mapping[str, str]) -> str:
    known = [name for name, _ in fields(cls)]
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if not near:
        last = {name.rsplit(".", 1)[-1]: name for name in known}
        near = [
            last[m] for m in difflib.get_close_matches(key.rsplit(".", 1)[-1], list(last), n=1, cutoff=0.5)
        ]
    place = f"{where[key]}: " if key in where else ""
    hint = f"; did you mean {near[0]!r}?" if near else f"; known keys: {', '.join(known)}"
    return f"{place}unknown key {key!r}{hint}"


def _scalar(text: str, annotation: Any) -> Any:
    """The value of ``--set key=text``: YAML, except that a text or path takes the text as it is."""
    allowed = kinds(annotation)
    if type(None) in allowed and text in ("null", "~", ""):
        return None
    if allowed & {str, Path} and not allowed & {tuple, list, dict}:
        return text
    try:
        return parse_yaml(text)[0]
    except Malformed:
        return text


def _put(tree: Tree, key: str, value: Any) -> None:
    *sections, name = key.split(".")
    for section in sections:
        child = tree.get(section)
        tree[section] = dict(child) if isinstance(child, dict) else {}
        tree = tree[section]
    tree[name] = value


def _merge(base: Tree, over: Tree) -> Tree:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _explain(error: ValidationError, where: Mapping[str, str], path: Path | None) -> str:
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"]]
    key = ".".join(parts)
    place = next((where[k] for n in range(len(parts), 0, -1) if (k := ".".join(parts[:n])) in where), None)
    if first["type"] == "missing":
        return f"{path or 'recipe'}: key {key!r} is needed; give it with its flag or --set {key}=..."
    given = first.get("input")
    reason = str(first["msg"]).removeprefix("Value error, ")
    got = "" if given is None else f", got {_short(given)}"
    return f"{place or path or 'recipe'}: {key}: {reason[:1].lower()}{reason[1:]}{got}"


def _short(value: Any) -> str:
    """A value as it was given, or its beginning."""
    try:
        text = reprlib.repr(value) if isinstance(value, dict | list | tuple | set) else repr(value)
    except (ValueError, RecursionError):
        return f"{type(value).__name__} that can't be shown"
    return text if len(text) <= 120 else f"{text[:120]}..."


# --- writing ---------------------------------------------------------------------------------------


def _dump_lines(model: BaseModel, tree: Tree, indent: int) -> Iterator[str]:
    pad = "  " * indent
    for name, field in type(model).model_fields.items():
        if field.description:
            yield f"{pad}# {' '.join(field.description.split())}"
        value = getattr(model, name)
        if isinstance(value, Section):
            yield f"{pad}{name}:"
            yield from _dump_lines(value, tree[name], indent + 1)
        else:
            text = yaml.safe_dump({name: tree[name]}, sort_keys=False, allow_unicode=True, width=10_000)
            yield from (pad + line for line in text.rstrip("\n").split("\n"))


def _without_paths(value: Any) -> Any:
    if isinstance(value, Path):
        return None
    if isinstance(value, dict):
        return {key: _without_paths(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_paths(item) for item in value]
    return value


def _last_parts(value: Any) -> Any:
    if isinstance(value, Path):
        return Path(value.name)
    if isinstance(value, str):
        return Path(value).name if value.startswith(("/", "~")) or ":\\" in value[:3] else value
    if isinstance(value, dict):
        return {key: _last_parts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_last_parts(item) for item in value]
    return value


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a recipe's tree by its dotted key."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
