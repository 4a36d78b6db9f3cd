"""The types of a DynamicFrame's schema.

They differ from Spark's in names (`long`, not `bigint`) and by the choice type.
Source: AWS Glue developer guide, "PySpark extension types".
"""
# ruff: noqa: N802, N815 - names are AWS's.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import types as spark

from awsglue.choices import Choice


@dataclass(frozen=True)
class DataType:
    """A scalar type, by its Glue name."""

    name: str

    def typeName(self) -> str:
        return self.name

    def jsonValue(self) -> dict[str, Any]:
        return {"dataType": self.name}


@dataclass(frozen=True)
class Field:
    name: str
    dataType: Any
    properties: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ArrayType:
    elementType: Any

    def typeName(self) -> str:
        return "array"

    def jsonValue(self) -> dict[str, Any]:
        return {"dataType": "array", "elementType": self.elementType.jsonValue()}


@dataclass(frozen=True)
class MapType:
    valueType: Any

    def typeName(self) -> str:
        return "map"

    def jsonValue(self) -> dict[str, Any]:
        return {"dataType": "map", "valueType": self.valueType.jsonValue()}


@dataclass(frozen=True)
class ChoiceType:
    choices: tuple[Any, ...]

    def typeName(self) -> str:
        return "choice"

    def jsonValue(self) -> dict[str, Any]:
        return {"dataType": "choice", "choices": [member.jsonValue() for member in self.choices]}


@dataclass(frozen=True)
class StructType:
    fields: tuple[Field, ...]

    def typeName(self) -> str:
        return "struct"

    def jsonValue(self) -> dict[str, Any]:
        fields = [{"name": f.name, "container": f.dataType.jsonValue()} for f in self.fields]
        return {"dataType": "struct", "fields": fields}

    @property
    def field_map(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}


_SCALARS: dict[type[spark.DataType], str] = {
    spark.LongType: "long",
    spark.IntegerType: "int",
    spark.ShortType: "short",
    spark.ByteType: "byte",
    spark.DoubleType: "double",
    spark.FloatType: "float",
    spark.DecimalType: "decimal",
    spark.BooleanType: "boolean",
    spark.StringType: "string",
    spark.BinaryType: "binary",
    spark.DateType: "date",
    spark.TimestampType: "timestamp",
    spark.NullType: "null",
}


def glue_type(data_type: spark.DataType) -> Any:
    """The Glue type of a Spark type."""
    match data_type:
        case spark.StructType():
            return StructType(tuple(Field(f.name, glue_type(f.dataType)) for f in data_type.fields))
        case spark.ArrayType():
            return ArrayType(glue_type(data_type.elementType))
        case spark.MapType():
            return MapType(glue_type(data_type.valueType))
        case _:
            return DataType(_SCALARS.get(type(data_type), data_type.typeName()))


def glue_schema(schema: spark.StructType, choices: Mapping[str, Choice]) -> StructType:
    """The Glue schema of a Spark schema in which the columns `choices` stand for choice types."""
    return StructType(
        tuple(
            Field(f.name, ChoiceType(tuple(map(DataType, choices[f.name].types))))
            if f.name in choices
            else Field(f.name, glue_type(f.dataType))
            for f in schema.fields
        )
    )


def tree_string(schema: StructType) -> str:
    """The schema as `printSchema` shows it."""
    return "\n".join(["root", *_lines(schema, "|")])


def _lines(data_type: Any, indent: str) -> list[str]:
    match data_type:
        case StructType():
            named = [(f"{field.name}: ", field.dataType) for field in data_type.fields]
        case ArrayType():
            named = [("element: ", data_type.elementType)]
        case MapType():
            named = [("value: ", data_type.valueType)]
        case ChoiceType():
            named = [("", member) for member in data_type.choices]
        case _:
            named = []
    lines = []
    for label, member in named:
        lines += [f"{indent}-- {label}{member.typeName()}", *_lines(member, f"{indent}    |")]
    return lines
