"""The graph of an ETL script: nodes with arguments, and edges from a node's result to another's input. Pure.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-etl-script-generation.html
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from sandbox.aws.operations import Document
from sandbox.errors import AwsError


@dataclass(frozen=True)
class Argument:
    """One argument of a node. `value` is Python text: `"sales"` with its quotes, `["id", "day"]`.

    With `param` the value is the name of a job parameter instead.
    """

    name: str
    value: str
    param: bool = False


@dataclass(frozen=True)
class Node:
    """A step of the script; `id` is the variable that holds its result, `line` where it begins, or 0."""

    id: str
    type: str
    arguments: tuple[Argument, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Edge:
    """The result of `source` is the input `parameter` of `target`; without a name, the first free input."""

    source: str
    target: str
    parameter: str | None = None


@dataclass(frozen=True)
class Graph:
    """Nodes and edges as they were given."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


def invalid(message: str) -> AwsError:
    """Glue's error for a graph, a script or a mapping that cannot be."""
    return AwsError("InvalidInputException", message)


def from_documents(nodes: Iterable[Document], edges: Iterable[Document]) -> Graph:
    """The graph of Glue's CodeGenNodes and CodeGenEdges."""
    return Graph(
        tuple(
            Node(
                each["Id"], each["NodeType"], tuple(map(argument, each["Args"])), each.get("LineNumber") or 0
            )
            for each in nodes
        ),
        tuple(Edge(each["Source"], each["Target"], each.get("TargetParameter")) for each in edges),
    )


def argument(document: Document) -> Argument:
    """The argument of a CodeGenNodeArg."""
    return Argument(document["Name"], document["Value"], bool(document.get("Param")))


def to_documents(graph: Graph) -> Document:
    """DagNodes and DagEdges, as GetDataflowGraph answers."""
    nodes = [
        {
            "Id": node.id,
            "NodeType": node.type,
            "Args": [
                {"Name": each.name, "Value": each.value, "Param": each.param} for each in node.arguments
            ],
            "LineNumber": node.line,
        }
        for node in graph.nodes
    ]
    edges = [
        {"Source": edge.source, "Target": edge.target, "TargetParameter": edge.parameter}
        for edge in graph.edges
    ]
    return {"DagNodes": nodes, "DagEdges": edges}


def in_order(graph: Graph) -> list[Node]:
    """The nodes, each after those whose results it takes, otherwise in the order given.

    Raises InvalidInputException naming what is wrong: two nodes of one id, an edge from or to a node that is
    not there, a cycle.
    """
    nodes = {node.id: node for node in graph.nodes}
    for id, count in Counter(node.id for node in graph.nodes).items():
        if count > 1:
            raise invalid(f"The graph has {count} nodes with the Id {id}: an Id names one node")
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(nodes, ()))
    for edge in graph.edges:
        for end in (edge.source, edge.target):
            if end not in nodes:
                raise invalid(
                    f"The edge from {edge.source} to {edge.target} names the node {end}, which is not there"
                )
        sorter.add(edge.target, edge.source)
    try:
        sorter.prepare()
    except CycleError as error:
        raise invalid(f"The graph has a cycle: {' -> '.join(error.args[1])}") from None
    return [nodes[id] for id in _stable(sorter, list(nodes))]


def _stable(sorter: TopologicalSorter[str], given: list[str]) -> Iterator[str]:
    """What the prepared sorter allows, as near to the given order as it allows."""
    place = {id: index for index, id in enumerate(given)}
    ready: list[int] = []
    while sorter.is_active():
        for id in sorter.get_ready():
            heapq.heappush(ready, place[id])
        chosen = given[heapq.heappop(ready)]
        yield chosen
        sorter.done(chosen)
