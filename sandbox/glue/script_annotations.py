"""The annotations in a script, `## @type` and its kin, read as a graph. Pure.

They are comments, so what the code below them does is not looked at.
Source: AWS Glue developer guide, "Editing scripts in AWS Glue".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.glue.script_graph import Argument, Edge, Graph, Node, in_order, invalid

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
"""Glue's identifier string pattern."""

_ANNOTATION = re.compile(r"\s*#+\s*@(type|args|return|inputs|params)\s*:\s*(.*)")
_STRING = r"\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_TOKEN = re.compile(f"{_STRING}|.", re.DOTALL)
_PAIR = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(?!=)\s*(.*)", re.DOTALL)


@dataclass
class _Block:
    """The annotations of one node, by name, and the line of its `@type`."""

    line: int
    type: str
    found: dict[str, str] = field(default_factory=dict)


def read_script(script: str) -> Graph:
    """The graph that the annotations of `script` draw; an empty one when it has none.

    A value is an argument's text; it is a parameter when `@params` lists it. Raises InvalidInputException
    naming the line for annotations that make no graph.
    """
    params: set[str] = set()
    blocks: list[_Block] = []
    for line, name, text in _annotations(script):
        match name:
            case "params":
                params |= {each.strip() for each in _split(_bracketed(text, line), line)}
            case "type":
                blocks.append(_Block(line, text))
            case _ if blocks:
                blocks[-1].found[name] = text
            case _:
                raise invalid(f"Line {line}: @{name} without a @type before it")
    nodes, edges = [], []
    for block in blocks:
        node = _node(block, params)
        nodes.append(node)
        inputs = pairs(_bracketed(block.found.get("inputs", "[]"), block.line), block.line)
        edges += [Edge(source, node.id, name) for name, source in inputs]
    graph = Graph(tuple(nodes), tuple(edges))
    in_order(graph)
    return graph


def pairs(text: str, line: int) -> list[tuple[str, str]]:
    """The names and values of `name = value, name = value`.

    A comma inside of quotes or brackets is part of a value, and so is one with no name after it.
    """
    found: list[tuple[str, str]] = []
    for part in _split(text, line):
        match = _PAIR.fullmatch(part)
        if match:
            found.append((match[1], match[2].strip()))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]},{part.rstrip()}")
        else:
            raise invalid(f"Line {line}: expected name = value, not {part.strip()}")
    return found


def _annotations(script: str) -> Iterator[tuple[int, str, str]]:
    # Not splitlines(): a comment ends where Python ends a line, and nowhere else.
    for line, text in enumerate(re.split(r"\r\n|\r|\n", script), 1):
        match = _ANNOTATION.fullmatch(text)
        if match:
            yield line, match[1], match[2].strip()


def _node(block: _Block, params: set[str]) -> Node:
    id = block.found.get("return")
    if id is None or not IDENTIFIER.fullmatch(id):
        wrong = "no @return" if id is None else f"the @return {id}, which is no identifier"
        raise invalid(f"Line {block.line}: the {block.type} has {wrong}")
    given = pairs(_bracketed(block.found.get("args", "[]"), block.line), block.line)
    arguments = tuple(Argument(name, value, value in params) for name, value in given)
    return Node(id, block.type, arguments, block.line)


def _bracketed(text: str, line: int) -> str:
    if not (text.startswith("[") and text.endswith("]")):
        raise invalid(f"Line {line}: expected a list in brackets, not {text or 'nothing'}")
    return text[1:-1]


def _split(text: str, line: int) -> list[str]:
    """The parts of `text` between its commas, those in quotes or brackets aside."""
    parts, start, depth = [], 0, 0
    for match in _TOKEN.finditer(text):
        match match[0]:
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth -= 1
            case "," if depth == 0:
                parts.append(text[start : match.start()])
                start = match.end()
    if depth:
        raise invalid(f"Line {line}: unbalanced brackets in {text}")
    return [each for each in (*parts, text[start:]) if each.strip()]
