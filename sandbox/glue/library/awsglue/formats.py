"""The file formats: Glue's options, Spark's options, and how the catalog describes each.

Source: AWS Glue developer guide, "Format options for inputs and outputs in AWS Glue for Spark".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awsglue.refusal import not_emulated

_READABLE = {"csv", "json", "parquet", "orc", "avro"}
_WRITABLE = {"csv", "json", "parquet", "glueparquet", "orc", "avro"}

_READ_OPTIONS = {
    "csv": {
        "separator",
        "escaper",
        "quoteChar",
        "multiline",
        "withHeader",
        "skipFirst",
        "optimizePerformance",
    },
    "json": {"multiline"},
}
_WRITE_OPTIONS = {
    "csv": {"separator", "escaper", "quoteChar", "writeHeader"},
    "parquet": {"compression", "useGlueParquetWriter"},
    "glueparquet": {"compression"},
}

_HIVE_IO = "org.apache.hadoop.hive.ql.io."
# Input format, output format, SerDe and its parameters: what Athena, Hive and Spark need to read the table.
_DESCRIPTORS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "parquet": (
        _HIVE_IO + "parquet.MapredParquetInputFormat",
        _HIVE_IO + "parquet.MapredParquetOutputFormat",
        _HIVE_IO + "parquet.serde.ParquetHiveSerDe",
        {"serialization.format": "1"},
    ),
    "orc": (
        _HIVE_IO + "orc.OrcInputFormat",
        _HIVE_IO + "orc.OrcOutputFormat",
        _HIVE_IO + "orc.OrcSerde",
        {"serialization.format": "1"},
    ),
    "json": (
        "org.apache.hadoop.mapred.TextInputFormat",
        _HIVE_IO + "HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
        {},
    ),
    "csv": (
        "org.apache.hadoop.mapred.TextInputFormat",
        _HIVE_IO + "HiveIgnoreKeyTextOutputFormat",
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        {},
    ),
}


def spark_format(name: str) -> str:
    """Spark's name for a format of Glue."""
    return "parquet" if name == "glueparquet" else name


def require_readable(name: str | None, options: Mapping[str, Any]) -> str:
    """`name`, if it can be read with these options; NotImplementedError otherwise."""
    return _require(name, options, _READABLE, _READ_OPTIONS, "reading")


def require_writable(name: str | None, options: Mapping[str, Any]) -> str:
    """`name`, if it can be written with these options; NotImplementedError otherwise."""
    return _require(name, options, _WRITABLE, _WRITE_OPTIONS, "writing")


def csv_read_options(options: Mapping[str, Any]) -> dict[str, str]:
    """Spark's reader options for Glue's `format_options` of csv."""
    header = _flag(options.get("withHeader")) or _flag(options.get("skipFirst"))
    return {
        **_csv_dialect(options),
        "header": str(header).lower(),
        "multiLine": str(_flag(options.get("multiline"))),
    }


def csv_write_options(options: Mapping[str, Any]) -> dict[str, str]:
    """Spark's writer options for Glue's `format_options` of csv."""
    return {**_csv_dialect(options), "header": str(_flag(options.get("writeHeader", True))).lower()}


def csv_table_options(parameters: Mapping[str, str], serde: Mapping[str, str]) -> dict[str, str]:
    """Spark's reader options for a csv table, from the table's and the SerDe's parameters."""
    skip = parameters.get("skip.header.line.count") or serde.get("skip.header.line.count") or "0"
    if skip not in ("0", "1"):
        raise not_emulated(f"skip.header.line.count={skip}", "0 and 1 are")
    separator = serde.get("separatorChar") or serde.get("field.delim") or parameters.get("delimiter") or ","
    dialect = {"separator": separator}
    if quote := serde.get("quoteChar") or parameters.get("quoteChar"):
        dialect["quoteChar"] = quote
    if escape := serde.get("escapeChar") or serde.get("escape.delim"):
        dialect["escaper"] = escape
    return {**_csv_dialect(dialect), "header": "true" if skip == "1" else "false"}


def storage_descriptor(
    format_name: str, location: str, columns: list[dict[str, str]], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The StorageDescriptor of a table of files that were written in this format with these options."""
    name = spark_format(format_name)
    if name not in _DESCRIPTORS:
        raise not_emulated(f"a catalog update for format {format_name}")
    input_format, output_format, library, parameters = _DESCRIPTORS[name]
    if name == "csv":
        parameters = {"field.delim": str(options.get("separator", ","))}
    if name == "json":
        parameters = {"paths": ",".join(column["Name"] for column in columns)}
    return {
        "Columns": columns,
        "Location": location,
        "InputFormat": input_format,
        "OutputFormat": output_format,
        "SerdeInfo": {"SerializationLibrary": library, "Parameters": parameters},
        "Compressed": False,
        "StoredAsSubDirectories": False,
    }


def table_parameters(format_name: str, options: Mapping[str, Any]) -> dict[str, str]:
    """The Parameters of a table that a job creates."""
    parameters = {"classification": spark_format(format_name)}
    if format_name == "csv":
        parameters["delimiter"] = str(options.get("separator", ","))
        if _flag(options.get("writeHeader", True)):
            parameters["skip.header.line.count"] = "1"
    return parameters


def _require(
    name: str | None, options: Mapping[str, Any], formats: set[str], known: Mapping[str, set[str]], verb: str
) -> str:
    if not name:
        raise ValueError("a format is required for files in Amazon S3, for instance format='parquet'")
    if name not in formats:
        raise not_emulated(f"{verb} format={name!r}")
    if unknown := sorted(set(options) - known.get(name, set())):
        raise not_emulated(f"{verb} format={name!r} with format_options {', '.join(unknown)}")
    return name


def _csv_dialect(options: Mapping[str, Any]) -> dict[str, str]:
    quote = str(options.get("quoteChar", '"'))
    quote = "" if quote == "-1" else quote
    escape = str(options.get("escaper", "none"))
    # Glue's default is no escape character; Spark's way to say so is the quote itself, doubled inside text.
    return {
        "sep": str(options.get("separator", ",")),
        "quote": quote,
        "escape": (quote or "\\") if escape == "none" else escape,
    }


def _flag(value: Any) -> bool:
    return value.lower() == "true" if isinstance(value, str) else bool(value)
