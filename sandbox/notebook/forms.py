"""Dynamic forms: what a paragraph asks its reader for, and `${...}` in SQL and Markdown. Pure.

https://zeppelin.apache.org/docs/0.12.0/usage/dynamic_form/intro.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Form = dict[str, Any]

_FORM = re.compile(r"\$\{(?:(checkbox)(?:\(([^)]*)\))?:)?([^=}]+)(?:=([^,}]*)(?:,([^}]*))?)?\}")


def text_box(name: str, default: object) -> Form:
    """A field for text."""
    return {"type": "TextBox", "name": name, "displayName": name, "defaultValue": default, "hidden": False}


def select(name: str, options: Sequence[tuple[Any, str]], default: object) -> Form:
    """A choice of one of `options`, pairs of value and label."""
    return _choice("Select", name, options, default)


def check_box(name: str, options: Sequence[tuple[Any, str]], default: Sequence[object]) -> Form:
    """A choice of any of `options`, pairs of value and label."""
    return _choice("CheckBox", name, options, list(default))


def _choice(kind: str, name: str, options: Sequence[tuple[Any, str]], default: object) -> Form:
    return {
        "type": kind,
        "options": [{"value": value, "displayName": label} for value, label in options],
        "name": name,
        "displayName": name,
        "defaultValue": default,
        "hidden": False,
    }


def substitute(text: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Form]]:
    """`text` with its `${name=default,a|b}` filled in from `params`, and the forms that it asks for."""
    forms: dict[str, Form] = {}

    def fill(found: re.Match[str]) -> str:
        kind, delimiter, name, default, listed = found.groups()
        options = [_option(part) for part in listed.split("|")] if listed else []
        if kind:
            chosen = default.split("|") if default else []
            forms[name] = check_box(name, options, chosen)
            return (delimiter or ",").join(map(str, params.get(name, chosen)))
        forms[name] = select(name, options, default or "") if options else text_box(name, default or "")
        return str(params.get(name, default or ""))

    return _FORM.sub(fill, text), forms


def _option(part: str) -> tuple[str, str]:
    """`value(label)`, or a value that is its own label."""
    found = re.fullmatch(r"(.*?)\((.*)\)", part)
    return (found.group(1), found.group(2)) if found else (part, part)
