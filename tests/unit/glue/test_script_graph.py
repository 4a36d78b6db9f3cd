"""Graphs become scripts, and scripts become the same graphs again."""

import ast
import importlib
import inspect
import keyword
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.errors import AwsError
from sandbox.glue.script_annotations import read_script
from sandbox.glue.script_graph import Argument, Edge, Graph, Node, from_documents, in_order, to_documents
from sandbox.glue.script_nodes import FUNCTIONS, TRANSFORMS
from sandbox.glue.script_python import quoted, write_script

SOURCE = Node("source", "DataSource", (Argument("database", '"db"'), Argument("table_name", '"t"')))


def arguments(**values):
    return tuple(Argument(name, value) for name, value in values.items())


def chain(*nodes):
    """The nodes, each taking the result of the one before as its frame."""
    return Graph(nodes, tuple(Edge(a.id, b.id, "frame") for a, b in pairwise(nodes)))


def without_lines(graph):
    nodes = tuple(Node(node.id, node.type, node.arguments) for node in graph.nodes)
    return {node.id: node for node in nodes}, set(graph.edges)


def calls(script):
    """Every variable that is assigned a call, with the call's keyword arguments as text."""
    return {
        step.targets[0].id: {each.arg: ast.unparse(each.value) for each in step.value.keywords}
        for step in ast.parse(script).body
        if isinstance(step, ast.Assign) and isinstance(step.value, ast.Call) and step.value.keywords
    }


def two_sources(type, **values):
    other = Node("other", "DataSource", arguments(connection_type='"s3"', format='"csv"'))
    node = Node("both", type, arguments(**values))
    first, second = TRANSFORMS[type].inputs
    return Graph((SOURCE, other, node), (Edge("source", "both", first), Edge("other", "both", second)))


GRAPHS = {
    "nothing": Graph(),
    "a catalog table": Graph((SOURCE,)),
    "a table with a predicate": Graph(
        (
            Node(
                "d",
                "DataSource",
                arguments(database='"x"', table_name="'y'", push_down_predicate="\"day = '1'\""),
            ),
        )
    ),
    "files": Graph(
        (
            Node(
                "files",
                "DataSource",
                arguments(
                    connection_type='"s3"',
                    connection_options='{"paths": ["s3://b/a, b=[1]"], "recurse": True}',
                    format='"csv"',
                    format_options='{"withHeader": True, "separator": "#"}',
                ),
            ),
        )
    ),
    "a parameter": chain(
        SOURCE,
        Node(
            "sink",
            "DataSink",
            (*arguments(database='"a"', table_name='"b"'), Argument("redshift_tmp_dir", "TempDir", True)),
        ),
    ),
    "files written": chain(
        SOURCE,
        Node(
            "sink",
            "DataSink",
            arguments(connection_type='"s3"', connection_options='{"path": "s3://b/k"}', format='"parquet"'),
        ),
    ),
    "all kinds of fields": chain(
        SOURCE,
        Node("m", "ApplyMapping", arguments(mappings='[("a", "int", "b", "long")]', case_sensitive="False")),
        Node("s", "SelectFields", arguments(paths='["a", "b"]')),
        Node("d", "DropFields", arguments(paths='["a"]')),
        Node("r", "RenameField", arguments(old_name='"b"', new_name='"c"')),
        Node("n", "DropNullFields", arguments(transformation_ctx='"n"')),
        Node("c", "ResolveChoice", arguments(specs='[("c", "cast:long")]')),
        Node("f", "Filter", arguments(f='lambda row: row["c"] in (1, 2) and re.match("a,b", row["d"])')),
        Node("p", "Map", arguments(f="lambda row: {**row, 'e': 1}")),
        Node("u", "UnnestFrame"),
        Node("x", "Unbox", arguments(path='"a"', format='"json"')),
        Node("g", "Spigot", arguments(path='"s3://b/k"', options='{"topk": 5}')),
        Node("e", "ErrorsAsDynamicFrame"),
    ),
    "a collection": Graph(
        (
            SOURCE,
            Node("r", "Relationalize", arguments(staging_path='"s3://b/tmp"', name='"root"')),
            Node("s", "SelectFromCollection", arguments(key='"root"')),
        ),
        (Edge("source", "r", "frame"), Edge("r", "s", "dfc")),
    ),
    "fields apart": chain(
        SOURCE, Node("s", "SplitFields", arguments(paths='["a"]', name1='"x"', name2='"y"'))
    ),
    "rows apart": chain(
        SOURCE, Node("s", "SplitRows", arguments(comparison_dict='{"a": {">": 10, "<": 50}}'))
    ),
    "a join": two_sources("Join", keys1='["a"]', keys2='["b"]'),
    "a union": two_sources("Union"),
    "a merge": two_sources("MergeDynamicFrame", primary_keys='["a"]'),
}


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_a_graph_is_read_back_from_its_script(graph):
    script = write_script(graph)
    compile(script, "job.py", "exec")
    assert script.endswith("\njob.commit()\n")
    assert without_lines(read_script(script)) == without_lines(graph)
    assert set(calls(script)) == {node.id for node in graph.nodes}


def test_every_type_of_node_is_in_the_table_of_graphs():
    types = {node.type for graph in GRAPHS.values() for node in graph.nodes}
    assert types == {"DataSource", "DataSink", *TRANSFORMS}


@pytest.mark.parametrize("type", TRANSFORMS)
def test_a_transform_takes_what_its_node_may_have(type, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "sandbox" / "glue" / "library")
    transforms = importlib.import_module("awsglue.transforms")
    parameters = inspect.signature(getattr(transforms, type).__call__).parameters
    kind = TRANSFORMS[type]
    assert {*kind.inputs, *kind.required, *kind.optional} <= set(parameters)
    needed = {
        n for n, each in parameters.items() if each.default is each.empty and n not in ("self", "options")
    }
    assert needed == {*kind.inputs, *kind.required}


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name)
)


@st.composite
def graphs(draw):
    """A tree of frames below one source, with any literals as arguments."""
    ids = [f"node_{each}" for each in draw(st.lists(identifiers, min_size=1, max_size=6, unique=True))]
    nodes, edges = [Node(ids[0], "DataSource", SOURCE.arguments)], []
    for index, id in enumerate(ids[1:], 1):
        type = draw(
            st.sampled_from(["SelectFields", "DropFields", "DropNullFields", "SplitRows", "ResolveChoice"])
        )
        kind = TRANSFORMS[type]
        names = [*kind.required, *draw(st.lists(st.sampled_from(kind.optional), unique=True, max_size=3))]
        given = [Argument(name, repr(draw(literals))) for name in names]
        if draw(st.booleans()):
            given = [Argument(each.name, draw(identifiers), True) for each in given]
        nodes.append(Node(id, type, tuple(given)))
        edges.append(Edge(ids[draw(st.integers(0, index - 1))], id, "frame"))
    return Graph(tuple(nodes), tuple(edges))


@given(graphs())
def test_any_graph_is_read_back_and_its_values_are_the_ones_given(graph):
    script = write_script(graph)
    assert without_lines(read_script(script)) == without_lines(graph)
    written = calls(script)
    for node in graph.nodes:
        for each in node.arguments:
            text = written[node.id][each.name]
            if each.param:
                assert text == f"args['{each.value}']"
            else:
                assert ast.literal_eval(text) == ast.literal_eval(each.value)


@given(st.text())
def test_a_string_is_quoted_on_one_line(text):
    literal = quoted(text)
    assert ast.literal_eval(literal) == text
    assert literal.isprintable()


@example("1,1")
@given(st.text(alphabet="\"'()[]{},=#\\\n\r abλ1", max_size=20))
def test_no_value_becomes_more_than_one_value(value):
    """Whatever is given: either it is refused, or the script calls once with one literal."""
    graph = chain(SOURCE, Node("n", "SelectFields", arguments(paths=value, info='"after"')))
    try:
        script = write_script(graph)
    except AwsError as error:
        assert error.code == "InvalidInputException"
        return
    assert len(ast.parse(script).body) == 15
    ast.literal_eval(calls(script)["n"]["paths"])
    assert calls(script)["n"]["info"] == "'after'"
    assert [each.name for each in read_script(script).nodes[1].arguments] == ["paths", "info"]


def test_a_script_says_what_glue_says():
    """The steps of the AWS CLI's example of get-plan, in Python."""
    graph = Graph(
        (
            Node("datasource0", "DataSource", arguments(database='"tempdb"', table_name='"s3-source"')),
            Node("applymapping1", "ApplyMapping", arguments(mapping='[("id", "int", "id", "long")]')),
            Node(
                "datasink2",
                "DataSink",
                (*arguments(database='"d"', table_name='"t"'), Argument("redshift_tmp_dir", "TempDir", True)),
            ),
        ),
        (Edge("datasource0", "applymapping1"), Edge("applymapping1", "datasink2")),
    )
    lines = write_script(graph).splitlines()
    assert lines[7:9] == [
        "## @params: [TempDir, JOB_NAME]",
        "args = getResolvedOptions(sys.argv, ['TempDir', 'JOB_NAME'])",
    ]
    assert lines[20:25] == [
        "## @type: ApplyMapping",
        '## @args: [mapping = [("id", "int", "id", "long")]]',
        "## @return: applymapping1",
        "## @inputs: [frame = datasource0]",
        'applymapping1 = ApplyMapping.apply(frame = datasource0, mappings = [("id", "int", "id", "long")])',
    ]
    assert lines[26] == '## @args: [database = "d", table_name = "t", redshift_tmp_dir = TempDir]'
    assert lines[29].endswith('table_name = "t", redshift_tmp_dir = args["TempDir"])')


BAD = {
    "an unknown type": (Graph((Node("a", "Shuffle"),)), "a .*NodeType Shuffle"),
    "two of one id": (Graph((SOURCE, SOURCE)), "2 nodes with the Id source"),
    "an edge to nowhere": (Graph((SOURCE,), (Edge("source", "gone"),)), "node gone"),
    "an edge from nowhere": (Graph((SOURCE,), (Edge("gone", "source"),)), "node gone"),
    "a cycle": (
        Graph((Node("a", "DropNullFields"), Node("b", "DropNullFields")), (Edge("a", "b"), Edge("b", "a"))),
        "cycle: [ab] -> [ab] -> [ab]",
    ),
    "an edge to itself": (Graph((Node("a", "DropNullFields"),), (Edge("a", "a"),)), "cycle: a -> a"),
    "no argument": (chain(SOURCE, Node("a", "SelectFields")), "a .*needs the argument paths"),
    "no table": (
        Graph((Node("a", "DataSource", arguments(database='"d"')),)),
        "needs the argument table_name",
    ),
    "an unknown argument": (
        chain(SOURCE, Node("a", "DropNullFields", arguments(paths="[]"))),
        "a .*no argument paths",
    ),
    "a frame as argument": (
        chain(SOURCE, Node("a", "DropNullFields", arguments(frame="[]"))),
        "no argument frame",
    ),
    "an argument twice": (
        chain(SOURCE, Node("a", "SelectFields", (Argument("paths", "[]"), Argument("paths", "[]")))),
        "2 arguments with the name paths",
    ),
    "an argument twice by two names": (
        chain(SOURCE, Node("a", "ApplyMapping", (Argument("mapping", "[]"), Argument("mappings", "[]")))),
        "2 arguments with the name mappings",
    ),
    "a parameter as a function": (
        chain(SOURCE, Node("a", "Filter", (Argument("f", "Wanted", True),))),
        "not a lambda",
    ),
    "no input": (Graph((Node("a", "DropNullFields"),)), "needs an edge to its input frame"),
    "an input too many": (
        Graph((SOURCE, Node("a", "DropNullFields")), (Edge("source", "a"), Edge("source", "a"))),
        "from source to a has no input",
    ),
    "an input twice": (
        Graph(
            (SOURCE, Node("a", "DropNullFields")),
            (Edge("source", "a", "frame"), Edge("source", "a", "frame")),
        ),
        "Two edges go to the input frame of the node a",
    ),
    "an unknown input": (
        Graph((SOURCE, Node("a", "DropNullFields")), (Edge("source", "a", "dfc"),)),
        "no input to go to",
    ),
    "an input of a source": (
        Graph((SOURCE, Node("b", "DataSource", SOURCE.arguments)), (Edge("source", "b"),)),
        "DataSource has none",
    ),
    "an id that is no name": (
        Graph((Node("a; b", "DataSource", SOURCE.arguments),)),
        "'a; b' cannot be the Id",
    ),
    "an id that is a keyword": (Graph((Node("import", "DataSource", SOURCE.arguments),)), "'import' cannot"),
    "an id that is taken": (Graph((Node("glueContext", "DataSource", SOURCE.arguments),)), "of that name"),
    "an id of a transform": (Graph((Node("Join", "DataSource", SOURCE.arguments),)), "of that name"),
    "a parameter that is no name": (
        chain(SOURCE, Node("a", "SelectFields", (Argument("paths", "x']", True),))),
        "no identifier",
    ),
}


@pytest.mark.parametrize(("graph", "message"), BAD.values(), ids=BAD)
def test_a_graph_that_cannot_be_is_refused_and_told_why(graph, message):
    with pytest.raises(AwsError, match=message) as caught:
        write_script(graph)
    assert caught.value.code == "InvalidInputException"


@pytest.mark.parametrize(
    "value",
    [
        "paths", "", "[a]", "open('x')", "__import__('os')", '"a" + b', '["a"]) ; import os #', '"a', "\0",
        'f"{x}"', '["a"]\nimport os', "lambda row: row", "[" * 5000, '"\ud800',
    ],
)  # fmt: skip
def test_a_value_is_a_literal(value):
    with pytest.raises(AwsError, match="argument paths of the node a") as caught:
        write_script(chain(SOURCE, Node("a", "SelectFields", arguments(paths=value))))
    assert caught.value.code == "InvalidInputException"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('["a", # the first\n "b"]', "['a', 'b']"), ('["a"] # all', "['a']"), ('"""a\nb"""', r"'a\nb'"),
        ('["a#b"]', '["a#b"]'), ('"a", "b"', "('a', 'b')"), ("1,", "(1,)"),
        ('  ["a"] ', '["a"]'), ('["a",\r\n"b"]', "['a', 'b']"),
    ],
)  # fmt: skip
def test_a_literal_is_written_as_one_value_on_one_line(value, text):
    script = write_script(chain(SOURCE, Node("a", "SelectFields", arguments(paths=value))))
    assert read_script(script).nodes[1].arguments == (Argument("paths", text),)
    assert ast.literal_eval(calls(script)["a"]["paths"]) == ast.literal_eval(value.strip())


@pytest.mark.parametrize(
    "value",
    ["len", "lambda: 1", "lambda a, b: 1", "lambda *a: 1", "lambda a=1: 1", "True", "lambda r: await r"],
)
def test_a_filter_takes_a_lambda_of_a_record(value):
    with pytest.raises(AwsError, match="a lambda of one parameter"):
        write_script(chain(SOURCE, Node("a", "Filter", arguments(f=value))))
    assert ("Filter", "f") in FUNCTIONS


def test_a_lambda_whose_commas_part_arguments_needs_brackets():
    value = "lambda row: (lambda a: a)(row) == sorted, key=1"
    nested = "lambda row: lambda a, b=1: a"
    for wrong in (value, nested):
        with pytest.raises(AwsError, match="argument f of the node a"):
            write_script(chain(SOURCE, Node("a", "Filter", arguments(f=wrong))))
    graph = chain(SOURCE, Node("a", "Filter", arguments(f=f"({nested})")))
    assert without_lines(read_script(write_script(graph))) == without_lines(graph)


@pytest.mark.parametrize("type", ["FillMissingValues", "FindMatches", "FindIncrementalMatches", "FlatMap"])
def test_what_awsglue_here_cannot_do_is_refused_by_name(type):
    with pytest.raises(AwsError, match=type) as caught:
        write_script(chain(SOURCE, Node("a", type)))
    assert (caught.value.code, caught.value.status) == ("NotEmulated", 501)
    with pytest.raises(AwsError, match="catalog_connection") as caught:
        write_script(chain(SOURCE, Node("a", "DataSink", arguments(catalog_connection='"c"'))))
    assert caught.value.status == 501


OTHERS = """
import sys
from awsglue.transforms import *
print "a script of Python 2"
## @params: [TempDir, JOB_NAME]
args = getResolvedOptions(sys.argv, ['TempDir','JOB_NAME'])
  ##@type: DataSource
## @args: [database = "db", table_name = "a,b=[1]", redshift_tmp_dir = TempDir, transformation_ctx = "x"]
## @return: datasource0
## @inputs: []
datasource0 = read_it_somehow()

# @type: CustomCode
# @args: [names = DynamicFrameCollection({"a": a}, glueContext), className = Mine, f = lambda a, b: a == b]
# @inputs: [dfc = datasource0]
# @return: mine
## @type: Join
## @return: joined
## @inputs: [frame1 = datasource0, frame2 = mine]
## just a comment
joined = 1
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_script_of_others_is_read_by_its_annotations(line_end):
    assert read_script(OTHERS.replace("\n", line_end)) == Graph(
        (
            Node(
                "datasource0",
                "DataSource",
                (
                    Argument("database", '"db"'),
                    Argument("table_name", '"a,b=[1]"'),
                    Argument("redshift_tmp_dir", "TempDir", True),
                    Argument("transformation_ctx", '"x"'),
                ),
                7,
            ),
            Node(
                "mine",
                "CustomCode",
                (
                    Argument("names", 'DynamicFrameCollection({"a": a}, glueContext)'),
                    Argument("className", "Mine"),
                    Argument("f", "lambda a, b: a == b"),
                ),
                13,
            ),
            Node("joined", "Join", (), 17),
        ),
        (
            Edge("datasource0", "mine", "dfc"),
            Edge("datasource0", "joined", "frame1"),
            Edge("mine", "joined", "frame2"),
        ),
    )


def test_a_script_without_annotations_draws_nothing():
    assert read_script("print('## @type: DataSource')\nx = 1  ## @type: DataSource\n") == Graph()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("\n## @type: Join\n## @inputs: []", "Line 2: the Join has no @return"),
        ("## @type: Join\n## @return: <output>", "Line 1: the Join has the @return <output>"),
        ("## @return: a", "Line 1: @return without a @type"),
        ("## @type: Join\n## @return: a\n## @args: [x = [1]", "Line 1: unbalanced"),
        ("## @type: Join\n## @return: a\n## @args: x = 1", "Line 1: expected a list in brackets, not x = 1"),
        ("## @type: Join\n## @return: a\n## @args: [x]", "Line 1: expected name = value, not x"),
        ("## @type: Join\n## @return: a\n## @inputs: [frame = b]", "names the node b"),
        ("## @type: A\n## @return: a\n## @type: B\n## @return: a", "2 nodes with the Id a"),
        ("## @type: A\n## @return: a\n## @inputs: [frame = a]", "cycle: a -> a"),
        ("## @params: JOB_NAME", "Line 1: expected a list"),
    ],
)
def test_annotations_that_make_no_graph_are_told_by_line(script, message):
    with pytest.raises(AwsError, match=re.escape(message)) as caught:
        read_script(script)
    assert caught.value.code == "InvalidInputException"


def test_documents_are_those_of_glue():
    graph = read_script(OTHERS)
    documents = to_documents(graph)
    assert documents["DagEdges"][0] == {"Source": "datasource0", "Target": "mine", "TargetParameter": "dfc"}
    node = documents["DagNodes"][0]
    assert (node["Id"], node["NodeType"], node["LineNumber"]) == ("datasource0", "DataSource", 7)
    assert node["Args"][2] == {"Name": "redshift_tmp_dir", "Value": "TempDir", "Param": True}
    assert from_documents(documents["DagNodes"], documents["DagEdges"]) == graph


def test_steps_keep_the_order_given_where_the_edges_allow_it():
    nodes = [Node(id, "DropNullFields") for id in ("last", "b", "a")]
    edges = (Edge("a", "last"), Edge("source", "a"), Edge("source", "b"))
    assert [node.id for node in in_order(Graph((*nodes, SOURCE), edges))] == ["source", "b", "a", "last"]
