"""Files of a round's preferences for other trainers: the official PCPO file, and Hugging Face's layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from caig_cli.data.preference_tables import PICTURE, layout_schema, message, words
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

    image = preference.product.image
    return {
        "images": [{"bytes": image.read_bytes(), "path": image.name}],
        "prompt": message("user", PICTURE, words(question)),
        "chosen": message("assistant", words(preference.chosen)),
        "rejected": message("assistant", words(preference.rejected)),
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

    schema = layout_schema({"id": "string", "p_chosen": "float64"})
    sink = arrow.BufferOutputStream()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for one in preferences:
            writer.write_table(arrow.Table.from_pylist([hugging_face(one, question(one))], schema))
    return bytes(sink.getvalue().to_pybytes())
