"""Which reader a log needs, by the ending of its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from caig_cli.clicks import binary_tables, json_tables
from caig_cli.clicks.files import LogFile
from caig_cli.clicks.tables import Table, open_delimited
from caig_cli.data.images import shown
from caig_cli.errors import DataError


def open_table(file: LogFile, given: Mapping[str, str]) -> Table:
    """The header and rows of a log; ``given`` are titles by which the header may be known.

    Raises DataError if the file as a whole cannot be read.
    """
    readers: Mapping[str, Callable[[LogFile, Sequence[str]], Table]] = {
        ".parquet": lambda file, _: binary_tables.open_parquet(file),
        ".pq": lambda file, _: binary_tables.open_parquet(file),
        ".xlsx": binary_tables.open_sheet,
        ".xlsm": binary_tables.open_sheet,
        ".jsonl": lambda file, _: json_tables.open_records(file),
        ".ndjson": lambda file, _: json_tables.open_records(file),
        ".json": lambda file, _: json_tables.open_json(file),
    }
    if file.path.is_dir():
        return binary_tables.open_folder(file)
    if file.suffix in (".xls", ".ods", ".numbers"):
        raise DataError(f"{shown(file.name)}: {file.suffix} is not read; save it as .xlsx or CSV")
    read = readers.get(file.suffix)
    return read(file, list(given.values())) if read else open_delimited(file, list(given.values()))
