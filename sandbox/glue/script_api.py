"""Glue's operations that write ETL scripts and read them.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-etl-script-generation.html
"""

from __future__ import annotations

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError
from sandbox.glue.requests import refuse_members
from sandbox.glue.script_annotations import read_script
from sandbox.glue.script_graph import Argument, argument, from_documents, invalid, to_documents
from sandbox.glue.script_plan import mapping_of, plan
from sandbox.glue.script_python import write_script


class ScriptOperations:
    """Scripts from graphs and from mappings, and graphs from scripts. In Python; Scala is refused."""

    def __init__(self, catalog: DataCatalog) -> None:
        self._catalog = catalog

    @operation(Fidelity.EXECUTED)
    def create_script(self, request: Document) -> Document:
        """CreateScript in Python. Values are Python literals; what Filter and Map call is a lambda."""
        _refuse_scala(request)
        graph = from_documents(request.get("DagNodes") or [], request.get("DagEdges") or [])
        return {"PythonScript": write_script(graph)}

    @operation(Fidelity.EXECUTED)
    def get_dataflow_graph(self, request: Document) -> Document:
        """GetDataflowGraph, from the annotations of the script."""
        return to_documents(read_script(request.get("PythonScript") or ""))

    @operation(Fidelity.EXECUTED)
    def get_mapping(self, request: Document) -> Document:
        """GetMapping: columns go by name. A Location in a database is refused; one in S3 changes nothing."""
        _location(request, "GetMapping")
        sinks = [self._table(sink) for sink in request.get("Sinks") or []]
        return {"Mapping": mapping_of(self._table(request["Source"]), sinks)}

    @operation(Fidelity.EXECUTED)
    def get_plan(self, request: Document) -> Document:
        """GetPlan in Python, to catalog tables or to S3. The tables may come later, before it runs."""
        _refuse_scala(request)
        _check_options(request.get("AdditionalPlanOptionsMap") or {})
        location = _location(request, "GetPlan")
        graph = plan(request["Mapping"], request["Source"], request.get("Sinks") or [], location)
        return {"PythonScript": write_script(graph)}

    def _table(self, entry: Document) -> Document:
        return self._catalog.get_table(entry["DatabaseName"], entry["TableName"])


def _refuse_scala(request: Document) -> None:
    if request.get("Language") == "SCALA":
        raise AwsError("NotEmulated", "EMR Sandbox does not emulate scripts in SCALA", 501)


def _location(request: Document, operation: str) -> list[Argument]:
    """The arguments of the location in Amazon S3, none without one."""
    location = request.get("Location") or {}
    refuse_members(f"{operation} to a Location", location, "Jdbc", "DynamoDB")
    arguments = [argument(each) for each in location.get("S3") or []]
    for each in arguments:
        if each.param:
            raise AwsError("NotEmulated", f"Location.S3 with a Param ({each.name}) is not emulated", 501)
    return arguments


def _check_options(options: dict[str, str]) -> None:
    for name, value in options.items():
        if name != "inferSchema" or value not in ("true", "false"):
            raise invalid(f"AdditionalPlanOptionsMap has {name}={value}; it takes inferSchema=true or false")
        if value == "true":
            raise AwsError("NotEmulated", "GetPlan with inferSchema=true is not emulated", 501)
