"""CreateScript, GetDataflowGraph, GetMapping and GetPlan over boto3."""

import ast

import pytest
from botocore.exceptions import ClientError

NODES = [
    {"Id": "datasource0", "NodeType": "DataSource", "Args": [
        {"Name": "database", "Value": '"scripts"'}, {"Name": "table_name", "Value": '"raw"'}]},
    {"Id": "selectfields1", "NodeType": "SelectFields", "Args": [{"Name": "paths", "Value": '["id"]'}]},
    {"Id": "datasink2", "NodeType": "DataSink", "Args": [
        {"Name": "database", "Value": '"scripts"'}, {"Name": "table_name", "Value": '"clean"'},
        {"Name": "redshift_tmp_dir", "Value": "TempDir", "Param": True}]},
]  # fmt: skip
EDGES = [
    {"Source": "datasource0", "Target": "selectfields1"},
    {"Source": "selectfields1", "Target": "datasink2", "TargetParameter": "frame"},
]
SOURCE = {"DatabaseName": "scripts", "TableName": "raw"}
CLEAN = {"DatabaseName": "scripts", "TableName": "clean"}


@pytest.fixture(scope="module")
def glue(sandbox):
    glue = sandbox.client("glue")
    glue.create_database(DatabaseInput={"Name": "scripts"})
    for name, type in (("raw", "string"), ("clean", "bigint")):
        columns = [{"Name": "id", "Type": type}, {"Name": f"of_{name}", "Type": "array<int>"}]
        storage = {"Columns": columns, "Location": f"s3://scripts/{name}/"}
        glue.create_table(DatabaseName="scripts", TableInput={"Name": name, "StorageDescriptor": storage})
    yield glue
    glue.delete_database(Name="scripts")


def test_a_graph_comes_back_from_its_script(glue):
    script = glue.create_script(DagNodes=NODES, DagEdges=EDGES, Language="PYTHON")["PythonScript"]
    compile(script, "job.py", "exec")
    graph = glue.get_dataflow_graph(PythonScript=script)
    lines = script.splitlines()
    for node, given in zip(graph["DagNodes"], NODES, strict=True):
        assert lines[node.pop("LineNumber") - 1] == f"## @type: {given['NodeType']}"
        assert node == {**given, "Args": [{"Param": False, **each} for each in given["Args"]]}
    assert graph["DagEdges"] == [{"TargetParameter": "frame", **each} for each in EDGES]
    again = {name: graph[name] for name in ("DagNodes", "DagEdges")}
    assert glue.create_script(**again)["PythonScript"] == script


def test_nothing_is_drawn_as_nothing(glue):
    assert glue.get_dataflow_graph(PythonScript="")["DagNodes"] == []
    assert glue.get_dataflow_graph()["DagEdges"] == []
    assert "job.commit()" in glue.create_script()["PythonScript"]


def test_a_mapping_names_every_column(glue):
    assert glue.get_mapping(Source=SOURCE)["Mapping"] == [
        {"SourceTable": "raw", "SourcePath": path, "SourceType": type,
         "TargetTable": "raw", "TargetPath": path, "TargetType": type}
        for path, type in (("id", "string"), ("of_raw", "array"))
    ]  # fmt: skip
    (entry,) = glue.get_mapping(Source=SOURCE, Sinks=[CLEAN])["Mapping"]
    assert (entry["TargetTable"], entry["TargetPath"], entry["TargetType"]) == ("clean", "id", "long")


def test_a_plan_is_made_from_a_mapping(glue):
    mapping = glue.get_mapping(Source=SOURCE, Sinks=[CLEAN])["Mapping"]
    answer = glue.get_plan(Mapping=mapping, Source=SOURCE, Sinks=[CLEAN],
                           AdditionalPlanOptionsMap={"inferSchema": "false"})  # fmt: skip
    assert "ScalaCode" not in answer
    ast.parse(answer["PythonScript"])
    types = [
        node["NodeType"] for node in glue.get_dataflow_graph(PythonScript=answer["PythonScript"])["DagNodes"]
    ]
    assert types == ["DataSource", "ApplyMapping", "SelectFields", "ResolveChoice", "DataSink"]
    location = {"S3": [{"Name": "path", "Value": "s3://scripts/out/"}, {"Name": "format", "Value": "csv"}]}
    answer = glue.get_plan(Mapping=mapping, Source=SOURCE, Location=location)
    types = [
        node["NodeType"] for node in glue.get_dataflow_graph(PythonScript=answer["PythonScript"])["DagNodes"]
    ]
    assert types == ["DataSource", "ApplyMapping", "DataSink"]


MAPPING = [{"SourcePath": "id", "SourceType": "string", "TargetPath": "id", "TargetType": "long"}]
ARGUMENT = [{"Name": "dbtable", "Value": '"t"'}]
PARAMETER = [{"Name": "path", "Value": "Out", "Param": True}]
PLAN = {"Mapping": MAPPING, "Source": SOURCE}
OPTIONS = "AdditionalPlanOptionsMap"
GONE = {"DatabaseName": "scripts", "TableName": "gone"}


@pytest.mark.parametrize(
    ("operation", "request_", "code", "told"),
    [
        ("create_script", {"DagNodes": NODES, "Language": "SCALA"}, "NotEmulated", "SCALA"),
        ("get_plan", {**PLAN, "Language": "SCALA"}, "NotEmulated", "SCALA"),
        ("get_plan", {**PLAN, "Location": {"Jdbc": ARGUMENT}}, "NotEmulated", "Jdbc"),
        ("get_plan", {**PLAN, "Location": {"DynamoDB": ARGUMENT}}, "NotEmulated", "DynamoDB"),
        ("get_plan", {**PLAN, "Location": {"S3": PARAMETER}}, "NotEmulated", "Param"),
        ("get_plan", {**PLAN, OPTIONS: {"inferSchema": "true"}}, "NotEmulated", "inferSchema"),
        ("get_plan", {**PLAN, OPTIONS: {"x": "y"}}, "InvalidInputException", "x=y"),
        ("get_plan", {**PLAN, "Mapping": []}, "InvalidInputException", "Mapping"),
        ("get_mapping", {"Source": SOURCE, "Location": {"Jdbc": ARGUMENT}}, "NotEmulated", "Jdbc"),
        ("get_mapping", {"Source": GONE}, "EntityNotFoundException", "gone"),
        ("get_mapping", {"Source": SOURCE, "Sinks": [GONE]}, "EntityNotFoundException", "gone"),
        ("create_script", {"DagEdges": EDGES}, "InvalidInputException", "datasource0"),
        ("get_dataflow_graph", {"PythonScript": "## @type: A"}, "InvalidInputException", "Line 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(glue, operation, request_, code, told):
    with pytest.raises(ClientError, match=told) as caught:
        getattr(glue, operation)(**request_)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == (
        501 if code == "NotEmulated" else 400
    )
