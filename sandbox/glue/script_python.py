"""A graph written as a Python script, with the annotations from which it can be read back. Pure.

Values come from outside and become code, so each is checked to be one literal, or one function where a
transform takes a function, and every name to be an identifier.
"""

from __future__ import annotations

import ast
import json
import keyword as python
from collections.abc import Iterator

from sandbox.errors import AwsError
from sandbox.glue.script_annotations import IDENTIFIER, pairs
from sandbox.glue.script_graph import Argument, Edge, Graph, Node, in_order, invalid
from sandbox.glue.script_nodes import FUNCTIONS, TRANSFORMS, inputs_of, keyword, kind_of

_IMPORTS = """\
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job"""
_START = """
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args['JOB_NAME'], args)"""
_END = "job.commit()"
_TAKEN = {
    *("SparkContext", "GlueContext", "Job", "getResolvedOptions", *TRANSFORMS),
    *("args", "glueContext", "job", "re", "sc", "spark", "sys"),
}


def write_script(graph: Graph) -> str:
    """The script that does what the graph says, step by step in an order that its edges allow.

    Raises InvalidInputException naming the node and what is wrong with it, and NotEmulated (501) for what
    the sandbox's awsglue cannot do.
    """
    steps = [line for node in in_order(graph) for line in _step(node, graph.edges)]
    params = {each.value: None for node in graph.nodes for each in node.arguments if each.param}
    names = [name for name in params if name != "JOB_NAME"] + ["JOB_NAME"]
    functions = any((node.type, each.name) in FUNCTIONS for node in graph.nodes for each in node.arguments)
    # Glue's own scripts import re for the conditions of a Filter.
    lines = [
        _IMPORTS,
        *(["import re"] if functions else []),
        "",
        f"## @params: [{', '.join(names)}]",
        f"args = getResolvedOptions(sys.argv, {names!r})",
        _START,
        *steps,
        _END,
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A string as a Python literal on one line, in double quotes as Glue's own scripts have them."""
    literal = json.dumps(text, ensure_ascii=False)
    return literal if literal.isprintable() else repr(text)


def _step(node: Node, edges: tuple[Edge, ...]) -> Iterator[str]:
    kind = kind_of(node)
    if not _is_name(node.id):
        raise invalid(f"{node.id!r} cannot be the Id of a node: it is the name of a variable in the script")
    if node.id in _TAKEN:
        raise invalid(f"{node.id} cannot be the Id of a node: every script has something of that name")
    inputs = [f"{name} = {source}" for name, source in inputs_of(node, kind, edges).items()]
    texts = [(each, _text(node, each)) for each in node.arguments]
    noted = [f"{each.name} = {text}" for each, text in texts]
    passed = [
        f"{keyword(node.type, each.name)} = {f'args[{quoted(text)}]' if each.param else text}"
        for each, text in texts
    ]
    yield f"## @type: {node.type}"
    yield f"## @args: [{', '.join(noted)}]"
    yield f"## @return: {node.id}"
    yield f"## @inputs: [{', '.join(inputs)}]"
    yield f"{node.id} = {kind.call}({', '.join(inputs + passed)})"


def _is_name(text: str) -> bool:
    return IDENTIFIER.fullmatch(text) is not None and not python.iskeyword(text)


def _text(node: Node, argument: Argument) -> str:
    """The argument's value as text for one line of the script."""
    where = f"The argument {argument.name} of the node {node.id}"
    function = (node.type, argument.name) in FUNCTIONS
    if argument.param and not function:
        if not _is_name(argument.value):
            raise invalid(f"{where} names the parameter {argument.value!r}, which is no identifier")
        return argument.value
    text = None if argument.param else _checked(argument.value.strip(), function)
    if text is None:
        wanted = "a lambda of one parameter" if function else 'a Python literal such as "a" or ["a", 1]'
        raise invalid(f"{where} is {argument.value}, which is not {wanted}")
    if not _reads_back(argument.name, text):
        raise invalid(f"{where} is {argument.value}, which an annotation cannot hold: put it in brackets")
    return text


def _checked(text: str, function: bool) -> str | None:
    """`text` on one line if it is what it should be, else None."""
    try:
        tree = ast.parse(text, mode="eval")
        if not function:
            ast.literal_eval(tree)
        elif not _is_function(tree.body):
            return None
        compile(tree, "<value>", "eval")
        # A line break or a comment would end the annotation, or the call, before its time, and so would the
        # comma of a tuple without brackets.
        one_line = text if _is_bare(text) else ast.unparse(tree)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return one_line if _is_bare(one_line) else None


def _is_bare(text: str) -> bool:
    """Whether an expression can stand on one line as an argument of a call, and what follows it be read."""
    if "\n" in text or "\r" in text:
        return False
    try:
        ast.parse(f"call(argument = {text}, following = 0)", mode="eval")
    except SyntaxError:
        return False
    return True


def _is_function(node: ast.expr) -> bool:
    if not isinstance(node, ast.Lambda):
        return False
    arguments = node.args
    others = arguments.posonlyargs, arguments.kwonlyargs, arguments.defaults
    return len(arguments.args) == 1 and not any(others) and not arguments.vararg and not arguments.kwarg


def _reads_back(name: str, text: str) -> bool:
    try:
        return pairs(f"{name} = {text}", 0) == [(name, text)]
    except AwsError:
        return False
