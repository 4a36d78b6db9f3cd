"""resolveChoice: the step that turns choices into plain columns.

Source: AWS Glue developer guide, "ResolveChoice class".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

from awsglue.catalog import Catalog
from awsglue.choices import (
    Action,
    Choice,
    Records,
    Resolution,
    cast_choice,
    parse_resolution,
    plan_resolutions,
    project_choice,
    spark_type,
    try_cast,
)
from awsglue.fields import has_field
from awsglue.paths import parse_path, quote
from awsglue.refusal import not_emulated

Step = Callable[[Records], Records]


def depends_on_data(specs: Sequence[tuple[str, str]] | None, choice: str) -> bool:
    """Whether the result's shape depends on which columns really are choices.

    A cast gives the same column whether or not a second type occurs; anything else, and a resolution for all
    choices, does not.
    """
    return bool(choice) or any(
        parse_resolution(action).action is not Action.CAST for _, action in specs or ()
    )


def step(specs: Sequence[tuple[str, str]] | None, choice: str) -> Step:
    """The step for these arguments. Raises ValueError at once for arguments that make no sense."""
    plan_resolutions(specs, choice, [])

    def resolve(records: Records) -> Records:
        plan = plan_resolutions(specs, choice, list(records.choices))
        by_column: dict[str, Resolution] = {}
        for path, how in plan.items():
            names = parse_path(path)
            if not has_field(records.dataframe.schema, names[:1]):
                raise ValueError(f"resolveChoice: the records have no field {path}")
            if len(names) > 1:
                raise not_emulated(f"resolveChoice of a nested field ({path})")
            by_column[names[0]] = how
        return _resolved(records, by_column)

    return resolve


def match_catalog(database: str | None, table_name: str | None, catalog_id: str | None) -> Step:
    """The step that casts every column to its type in a table of the catalog; other columns stay."""
    if not database or not table_name:
        raise ValueError("resolveChoice with match_catalog needs database and table_name")

    def resolve(records: Records) -> Records:
        with Catalog(catalog_id) as catalog:
            table = catalog.table(database, table_name)
        types = {name.lower(): kind for name, kind in [*table.columns, *table.partition_keys]}
        plan = {
            name: Resolution(Action.CAST, types[name.lower()])
            for name in records.dataframe.columns
            if name.lower() in types
        }
        return _resolved(records, plan)

    return resolve


def _resolved(records: Records, plan: dict[str, Resolution]) -> Records:
    columns: list[Column] = []
    for name in records.dataframe.columns:
        how = plan.get(name)
        columns += [F.col(quote((name,)))] if how is None else _columns(records, name, how)
    open_choices = {name: choice for name, choice in records.choices.items() if name not in plan}
    return Records(records.dataframe.select(*columns), open_choices)


def _columns(records: Records, name: str, how: Resolution) -> list[Column]:
    choice = records.choices.get(name)
    if choice is not None:
        return _choice_columns(name, choice, how)
    match how.action:
        case Action.CAST:
            return [try_cast(quote((name,)), how.type).alias(name)]
        case Action.PROJECT:
            actual = records.dataframe.schema[name].dataType.simpleString()
            plain = F.col(quote((name,)))
            same = actual == spark_type(how.type)
            return [(plain if same else F.lit(None).cast(spark_type(how.type))).alias(name)]
        case _:
            return [F.col(quote((name,)))]


def _choice_columns(name: str, choice: Choice, how: Resolution) -> list[Column]:
    match how.action:
        case Action.CAST:
            return [cast_choice(name, choice, how.type).alias(name)]
        case Action.PROJECT:
            return [project_choice(name, choice, how.type).alias(name)]
        case Action.MAKE_COLS:
            return [F.col(quote((name, member))).alias(f"{name}_{member}") for member in choice.types]
        case Action.MAKE_STRUCT:
            return [F.col(quote((name,)))]
        case Action.MATCH_CATALOG:
            raise ValueError("match_catalog is a choice for all columns, not for one")
