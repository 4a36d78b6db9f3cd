"""Choice types: columns whose values are of more than one type, and how they are resolved.

Inside the package a column that may be a choice is a struct with one field per type, of which at most one is
set. Whether a second type really occurs is only known after a look at the data, so `observed` stays None
until someone needs the answer.
Source: AWS Glue developer guide, "ResolveChoice class".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

from awsglue.paths import quote
from awsglue.refusal import not_emulated


@dataclass(frozen=True)
class Choice:
    """The types of a column, the catalog's first. `observed`: does the second one occur? None: not looked."""

    types: tuple[str, ...]
    observed: bool | None = None


@dataclass(frozen=True)
class Records:
    """A DataFrame together with those of its columns that are, or may be, choices."""

    dataframe: DataFrame
    choices: Mapping[str, Choice]


class Action(StrEnum):
    CAST = "cast"
    PROJECT = "project"
    MAKE_COLS = "make_cols"
    MAKE_STRUCT = "make_struct"
    MATCH_CATALOG = "match_catalog"


@dataclass(frozen=True)
class Resolution:
    """What to do with a choice: an action and, for cast and project, the type."""

    action: Action
    type: str = ""


def parse_resolution(text: str) -> Resolution:
    """`cast:long`, `project:string`, `make_cols`, `make_struct`, `match_catalog`; ValueError for others."""
    word, _, type_name = text.partition(":")
    if word == "KeepAsStruct":
        word = Action.MAKE_STRUCT
    if word not in set(Action):
        raise ValueError(f"unknown resolution {text!r}; one of {', '.join(Action)}")
    action = Action(word)
    if bool(type_name) != (action in (Action.CAST, Action.PROJECT)):
        raise ValueError(
            f"resolution {text!r}: cast and project take a type (cast:long), the others take none"
        )
    return Resolution(action, type_name)


def plan_resolutions(
    specs: Sequence[tuple[str, str]] | None, choice: str, columns: Sequence[str]
) -> dict[str, Resolution]:
    """The resolution of each column, from `specs` or from `choice` for all of `columns` (the choices).

    Raises ValueError when both are given; NotImplementedError when neither is.
    """
    if specs and choice:
        raise ValueError("resolveChoice takes specs or choice, not both")
    if specs:
        return {path: parse_resolution(action) for path, action in specs}
    if not choice:
        raise not_emulated(
            "resolveChoice without specs and choice", "say how to resolve, for instance cast:long"
        )
    return {quote((column,)): parse_resolution(choice) for column in columns}


def spark_type(type_name: str) -> str:
    """Spark SQL's name of a Glue type."""
    return {"long": "bigint", "short": "smallint", "byte": "tinyint", "integer": "int"}.get(
        type_name, type_name
    )


def try_cast(reference: str, type_name: str) -> Column:
    """`reference` as `type_name`, null where it does not parse.

    Not `cast`: outside ANSI mode that would turn '12.5' into the bigint 12.
    """
    return F.expr(f"try_cast({reference} as {spark_type(type_name)})")


def parsed_or_text(column: str, type_name: str) -> Column:
    """A text column as the choice of `type_name` and string; blanks around a number do not count."""
    text = quote((column,))
    value = f"try_cast(trim({text}) as {spark_type(type_name)})"
    rest = f"case when {value} is null and trim({text}) <> '' then {text} end"
    return F.expr(f"named_struct('{type_name}', {value}, 'string', {rest})")


def cast_choice(column: str, choice: Choice, type_name: str) -> Column:
    """Every value of a choice as `type_name`, null where that cannot be."""
    parts = [try_cast(_part(column, member, type_name), type_name) for member in choice.types]
    return F.coalesce(*parts)


def project_choice(column: str, choice: Choice, type_name: str) -> Column:
    """Only the values that are of `type_name`; the others become null."""
    wanted = spark_type(type_name)
    for member in choice.types:
        if spark_type(member) == wanted:
            return F.col(quote((column, member)))
    return F.lit(None).cast(wanted)


def observe(records: Records) -> Records:
    """The same records with every open question answered: is this column a choice?

    This runs one job over the open columns, all of them at once. Nothing else in the package reads data only
    to learn its schema; without it a stray value in a numeric column would silently become null.
    """
    open_columns = [name for name, choice in records.choices.items() if choice.observed is None]
    if not open_columns:
        return records
    found = records.dataframe.agg(
        *(
            F.max(F.col(quote((name, records.choices[name].types[-1]))).isNotNull()).alias(str(index))
            for index, name in enumerate(open_columns)
        )
    ).first()
    mixed = {name for index, name in enumerate(open_columns) if found is not None and found[index]}
    plain = {
        name: F.col(quote((name, records.choices[name].types[0])))
        for name in open_columns
        if name not in mixed
    }
    choices = {
        name: Choice(choice.types, observed=True)
        for name, choice in records.choices.items()
        if name not in plain
    }
    return Records(replace_columns(records.dataframe, plain), choices)


def replace_columns(dataframe: DataFrame, columns: Mapping[str, Column]) -> DataFrame:
    """`dataframe` with some columns computed anew, in their old places."""
    if not columns:
        return dataframe
    return dataframe.select(
        *(
            columns[name].alias(name) if name in columns else F.col(quote((name,)))
            for name in dataframe.columns
        )
    )


def _part(column: str, member: str, target: str) -> str:
    reference = quote((column, member))
    # Blanks around text do not count when it is read as a number, and stay when it is kept as text.
    return f"trim({reference})" if member == "string" and target != "string" else reference
