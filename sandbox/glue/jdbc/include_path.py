"""Include paths of JDBC targets: `database/schema/table`, or `database/table` where there are no schemas.

https://docs.aws.amazon.com/glue/latest/dg/define-crawler-choose-data-sources.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.errors import UsageError, WorkFailed
from sandbox.glue.crawler.listing import exclusion
from sandbox.glue.jdbc.address import Address, Engine
from sandbox.glue.jdbc.table import Table

ALL = "%"
_FORMS = {
    Engine.POSTGRESQL: "database/schema/table, database/schema/% or database/%",
    Engine.SQLITE: "database/table or database/%",
}


@dataclass(frozen=True)
class IncludePath:
    """Which tables of a database to look at. An empty `schema` means a path of two parts. Case matters."""

    database: str
    schema: str
    table: str

    @property
    def root(self) -> str:
        """The part to which exclude patterns are relative."""
        fixed = [self.database]
        if self.schema and self.schema != ALL:
            fixed.append(self.schema)
        return "/".join(fixed) + "/"


def parse(path: str) -> IncludePath:
    """The path of a target. Raises UsageError: `%` stands for every schema or table, never for a part of a
    name or for the database."""
    parts = path.strip("/").split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise UsageError("it must be database/schema/table or database/table")
    if ALL in parts[0]:
        raise UsageError("% cannot stand for the database")
    if any(ALL in part and part != ALL for part in parts):
        raise UsageError("% stands for every schema or every table, not for a part of a name")
    return IncludePath(parts[0], parts[1] if len(parts) == 3 else "", parts[-1])


def chosen(
    include: IncludePath, exclusions: Sequence[str], address: Address, tables: Sequence[Table]
) -> list[Table]:
    """The tables that a target means.

    Raises WorkFailed for a path that is not of the database's form, or that names another database than the
    connection does.
    """
    if include.database != address.database:
        raise WorkFailed(
            f"The include path names the database {include.database}, the connection {address.database}"
        )
    has_schemas = address.engine is Engine.POSTGRESQL
    if has_schemas != bool(include.schema) and not (has_schemas and include.table == ALL):
        raise WorkFailed(f"An include path of {address.engine} is {_FORMS[address.engine]}")
    excluded = [exclusion(pattern) for pattern in exclusions]
    return [each for each in tables if _is_meant(include, each) and not _is_excluded(include, each, excluded)]


def _is_meant(include: IncludePath, table: Table) -> bool:
    schema = include.schema or ALL
    return schema in (ALL, table.schema) and include.table in (ALL, table.name)


def _is_excluded(include: IncludePath, table: Table, excluded: Sequence[re.Pattern[str]]) -> bool:
    path = "/".join(part for part in (include.database, table.schema, table.name) if part)
    below = path.removeprefix(include.root)
    return any(pattern.fullmatch(below) for pattern in excluded)
