"""The rows of column statistics, of tables and of partitions.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-column-statistics.html
"""

from __future__ import annotations

from sandbox.catalog.rows import Document, dump, load
from sandbox.store import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS catalog_column_statistics (
    table_id INTEGER NOT NULL,
    partition TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (table_id, partition, name)
) WITHOUT ROWID;
"""
OF_TABLE = ""
"""Stands for the partition of the statistics of a whole table."""


class Statistics:
    """Glue's ColumnStatistics by table number, partition key and lower-case column."""

    def __init__(self, store: Database) -> None:
        self._store = store
        store.create(_SCHEMA)

    def put(self, table_id: int, partition: str, statistics: Document) -> None:
        """Store the statistics of a column, in place of older ones."""
        self._store.execute(
            "INSERT OR REPLACE INTO catalog_column_statistics VALUES (?, ?, ?, ?)",
            table_id,
            partition,
            statistics["ColumnName"].lower(),
            dump(statistics),
        )

    def get(self, table_id: int, partition: str, column: str) -> Document | None:
        """The statistics of a column, or None."""
        rows = self._store.query(
            "SELECT body FROM catalog_column_statistics WHERE table_id = ? AND partition = ? AND name = ?",
            table_id,
            partition,
            column.lower(),
        )
        return load(rows[0][0]) if rows else None

    def delete(self, table_id: int, partition: str, column: str) -> bool:
        """Remove the statistics of a column; False when there are none."""
        sql = "DELETE FROM catalog_column_statistics WHERE table_id = ? AND partition = ? AND name = ?"
        return self._store.execute(sql, table_id, partition, column.lower()) == 1

    def delete_partition(self, table_id: int, partition: str) -> None:
        """Remove the statistics of a partition."""
        sql = "DELETE FROM catalog_column_statistics WHERE table_id = ? AND partition = ?"
        self._store.execute(sql, table_id, partition)

    def delete_all(self, table_id: int) -> None:
        """Remove the statistics of a table and of its partitions."""
        self._store.execute("DELETE FROM catalog_column_statistics WHERE table_id = ?", table_id)
