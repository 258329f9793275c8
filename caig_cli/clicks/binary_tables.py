"""Click logs as Parquet (pyarrow), folders of it and SQL (DuckDB), and spreadsheets (openpyxl)."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from caig_cli.clicks.chunks import CHUNK, Chunk
from caig_cli.clicks.files import LogFile, WantedTable
from caig_cli.clicks.json_tables import STRUCTURES
from caig_cli.clicks.tables import LogTable, buffered, from_rows, row_chunks
from caig_cli.data.images import shown
from caig_cli.data.tables import kind
from caig_cli.errors import DataError


def open_parquet(file: LogFile) -> LogTable:
    """A Parquet file by batches; ``line`` is the number of the row."""
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise DataError(
            f"{shown(file.name)}: Parquet needs pyarrow; run pip install 'caig[parquet]'"
        ) from None
    try:
        opened = parquet.ParquetFile(buffered(file))
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(file, "Parquet", error) from None
    header = _flat(pyarrow.Table.from_batches([], opened.schema_arrow)).column_names
    return LogTable(header, _parquet_chunks(file, opened), line=0)


def _flat(table: Any) -> Any:
    """Columns without structures: ``metrics.clicks`` in place of ``metrics``."""
    import pyarrow

    while any(pyarrow.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def _parquet_chunks(file: LogFile, opened: Any) -> Iterator[Chunk]:
    import pyarrow

    line = 1
    try:
        for batch in opened.iter_batches(batch_size=CHUNK):
            flat = _flat(pyarrow.Table.from_batches([batch]))
            columns = [_values(column.combine_chunks()) for column in flat.columns]
            yield Chunk(np.arange(line, line + batch.num_rows), columns)
            line += batch.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(file, "Parquet", error) from None


def _values(column: Any) -> Sequence[Any]:
    """A column as Python values, each distinct one made once."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_nested(kind) or pyarrow.types.is_dictionary(kind):
        return [_plain(value) for value in column.to_pylist()]
    if pyarrow.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)  # Python has no nanoseconds
    coded = column.dictionary_encode()
    values = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    found: Sequence[Any] = values[coded.indices.fill_null(len(values) - 1).to_numpy()].tolist()
    return found


def _plain(value: Any) -> Any:
    """A list of one as its element; another structure so that it can be told."""
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list | dict):
        return value[0]
    if not isinstance(value, list | dict):
        return value
    return STRUCTURES[kind(value)] if value else None


def open_sheets(file: LogFile, given: Sequence[str]) -> Iterator[tuple[str, LogTable]]:
    """The sheet of a workbook whose header names most, and all others of that header, each with its name.

    Formulas count by their stored values. Other sheets with numbers of ads are told.
    """
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions
            book = openpyxl.load_workbook(buffered(file), read_only=True, data_only=True)
            formulas = _formulas(file)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
            for sheet in sheets:
                sheet.reset_dimensions()
            scores = [_known(sheet, given, file.wanted) for sheet in sheets]
            best = max(range(len(sheets)), key=scores.__getitem__)
            named = [sheet for sheet, one in zip(sheets, scores, strict=True) if one >= min(2, scores[best])]
            tables = [(sheet.title, _table(file, sheet, given, formulas)) for sheet in named]
            header = _table(file, sheets[best], given).header
    except DataError:
        raise
    except Exception as error:  # zip, XML and cell errors of many kinds
        raise _damaged(file, "XLSX", error) from None
    alike = [one for one in tables if list(one[1].header) == list(header)]
    left = [title for title, table in tables if list(table.header) != list(header)]
    notes = [f"other sheets are not read: {', '.join(shown(title) for title in left[:6])}"] if left else []
    for number, (title, table) in enumerate(alike):
        name = f"{file.name}[{title}]" if alike[1:] else file.name
        yield name, replace(table, notes=[*table.notes, *(notes if number == 0 else ())])


def _table(file: LogFile, sheet: Any, given: Sequence[str], formulas: Any = None) -> LogTable:
    rows = (tuple(row) for row in sheet.iter_rows(values_only=True))
    if formulas is not None:
        written = formulas[sheet.title].iter_rows(values_only=True)
        rows = (_or_formulas(row, other) for row, other in zip(rows, written, strict=True))
    return from_rows(file, rows, given)


def _or_formulas(values: Sequence[Any], written: Sequence[Any]) -> tuple[Any, ...]:
    """Cells by their values; those without one by their formula, so that it can be told."""
    return tuple(
        other if value is None and isinstance(other, str) and other.startswith("=") else value
        for value, other in zip(values, written, strict=True)
    )


_UNSTORED = re.compile(rb"</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
"""The end of a cell whose formula was never worked out, as programs leave it that are no spreadsheets."""


def _formulas(file: LogFile) -> Any:
    """The workbook with formulas in place of values, where some have none; else None."""
    import openpyxl

    with zipfile.ZipFile(buffered(file)) as packed:
        sheets = [name for name in packed.namelist() if name.startswith("xl/worksheets/")]
        if not any(_UNSTORED.search(packed.read(name)) for name in sheets):
            return None
    book = openpyxl.load_workbook(buffered(file), read_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()
    return book


def _known(sheet: Any, given: Sequence[str], wanted: WantedTable) -> int:
    from caig_cli.clicks.tables import HEAD, score

    return max(
        (score(row, given, wanted) for row in sheet.iter_rows(max_row=HEAD, values_only=True)), default=0
    )


def open_folder(file: LogFile) -> LogTable:
    """All Parquet files of a folder, its key=value folders as columns."""
    if not any(file.path.rglob("*.parquet")):
        raise DataError(f"{shown(file.name)}: a folder without .parquet files; give log files")
    pattern = str(file.path / "**" / "*.parquet").replace("'", "''")
    sql = f"SELECT * FROM read_parquet('{pattern}', hive_partitioning = true, union_by_name = true)"
    return open_query(file, sql, ())


def open_query(file: LogFile, sql: str, logs: Sequence[Path]) -> LogTable:
    """The rows that an SQL query gives; ``log`` is there the table of the given files."""
    try:
        import duckdb
    except ImportError:
        raise DataError(
            f"{shown(file.name)}: SQL and folders need DuckDB; run pip install 'caig[duckdb]'"
        ) from None
    try:
        connection = duckdb.connect()
        if logs:
            connection.execute(f"CREATE VIEW log AS {_view(logs)}")
        result = connection.execute(sql)
        header = [column[0] for column in result.description or ()]
    except duckdb.Error as error:
        raise _damaged(file, "query", error) from None
    return LogTable(header, row_chunks(_fetched(file, result), len(header), 1), line=0)


def _view(logs: Sequence[Path]) -> str:
    """SQL that reads files of one kind, by their ending."""
    names = ", ".join("'" + str(path).replace("'", "''") + "'" for path in logs)
    suffixes = {path.suffix.lower() for path in logs}
    if suffixes <= {".parquet", ".pq"}:
        return f"SELECT * FROM read_parquet([{names}], union_by_name = true)"
    if suffixes <= {".json", ".jsonl", ".ndjson"}:
        return f"SELECT * FROM read_json([{names}], union_by_name = true)"
    return f"SELECT * FROM read_csv([{names}], union_by_name = true)"


def _fetched(file: LogFile, result: Any) -> Iterator[Sequence[Any]]:
    import duckdb

    try:
        while rows := result.fetchmany(CHUNK):
            yield from rows
    except duckdb.Error as error:
        raise _damaged(file, "query", error) from None


def _damaged(file: LogFile, what: str, error: BaseException) -> DataError:
    if what == "query" and "sniffing" in str(error):
        return DataError(
            "--query: DuckDB does not find the table in this text; leave lines around it out, "
            'or read the file in the query itself, as in FROM read_csv("log.csv", skip = 2)'
        )
    reason = shown(" ".join(str(error).split())[:200]) or type(error).__name__
    if what == "query":
        return DataError(f"--query: {reason}" if file.name == "--query" else f"{shown(file.name)}: {reason}")
    return DataError(f"{shown(file.name)}: not a readable {what} file ({reason}); write it again")
