"""Files of a round's preferences for other trainers: the official PCPO file, and Hugging Face's layout."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from caig_cli.errors import UsageError
from caig_cli.records import Preference

HUGGING_FACE = "preferences-hf.parquet"


def official(preference: Preference, question: str) -> dict[str, Any]:
    """The form of the official PCPO file."""
    asked = {"from": "human", "value": f"<image>\n{question}"}
    return {
        "id": preference.id,
        "image": str(preference.product.image),
        "chosen_conversations": [asked, {"from": "gpt", "value": preference.chosen}],
        "reject_conversations": [asked, {"from": "gpt", "value": preference.rejected}],
    }


def hugging_face(preference: Preference, question: str) -> dict[str, Any]:
    """The form that TRL's preference trainers read: messages, and the pictures that they show."""

    def says(role: str, *parts: dict[str, str | None]) -> list[dict[str, Any]]:
        return [{"role": role, "content": list(parts)}]

    def text(value: str) -> dict[str, str | None]:
        return {"type": "text", "text": value}

    image = preference.product.image
    return {
        "images": [{"bytes": image.read_bytes(), "path": image.name}],
        "prompt": says("user", {"type": "image", "text": None}, text(question)),
        "chosen": says("assistant", text(preference.chosen)),
        "rejected": says("assistant", text(preference.rejected)),
        "id": preference.id,
        "p_chosen": preference.p_chosen,
    }


def check_parquet() -> None:
    """Raises UsageError where Parquet files can't be written."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise UsageError("pcpo.hugging_face_file needs pyarrow; install caig[parquet]") from None


def hugging_face_file(preferences: Sequence[Preference], question: Callable[[Preference], str]) -> bytes:
    """A Parquet file that ``datasets.load_dataset("parquet", data_files=...)`` opens with its pictures."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    part = arrow.struct([("type", arrow.string()), ("text", arrow.string())])
    messages = arrow.list_(arrow.struct([("role", arrow.string()), ("content", arrow.list_(part))]))
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    columns = {"images": arrow.list_(image), "prompt": messages, "chosen": messages, "rejected": messages,
               "id": arrow.string(), "p_chosen": arrow.float64()}  # fmt: skip
    known = {"info": {"features": _features()}}
    schema = arrow.schema(list(columns.items()), {"huggingface": json.dumps(known)})
    sink = arrow.BufferOutputStream()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for one in preferences:
            writer.write_table(arrow.Table.from_pylist([hugging_face(one, question(one))], schema))
    return bytes(sink.getvalue().to_pybytes())


def _features() -> dict[str, Any]:
    """Types of the columns in the words of ``datasets``, as old and new versions of it read them."""

    def value(kind: str) -> dict[str, str]:
        return {"dtype": kind, "_type": "Value"}

    messages = [{"role": value("string"), "content": [{"type": value("string"), "text": value("string")}]}]
    return {
        "images": {"feature": {"_type": "Image"}, "_type": "Sequence"},
        **dict.fromkeys(("prompt", "chosen", "rejected"), messages),
        "id": value("string"),
        "p_chosen": value("float64"),
    }
