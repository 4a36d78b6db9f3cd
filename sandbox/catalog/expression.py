"""Partition filters: what GetPartitions calls `Expression` and the Hive metastore a filter.

A recursive-descent parser turns the text into a predicate over a partition's values. Values and literals
are compared as the partition key's type; the null partition makes a comparison unknown, as in SQL.

    or         = and { OR and }
    and        = not { AND not }
    not        = NOT not | "(" or ")" | comparison
    comparison = key test | literal operator key
    test       = operator literal | [NOT] IN "(" literal { "," literal } ")"
               | [NOT] BETWEEN literal AND literal | [NOT] LIKE string | IS [NOT] NULL

Sources: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html and what Spark's Hive client
was seen to send.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from sandbox.catalog.rows import invalid
from sandbox.catalog.values import NULL_PARTITION, Comparable, reader_of

Truth = bool | None
Values = Sequence[str] | Mapping[int, str]
"""A partition's values by the place of their key; a test looks only at those of its own keys."""
Test = Callable[[Values], Truth]

_DEEPEST = 150
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
      | '(?P<single>(?:[^']|'')*)'
      | "(?P<double>(?:[^"]|"")*)"
      | `(?P<back>[^`]+)`
      | (?P<symbol><=|>=|<>|!=|=|<|>|\(|\)|,)
      | (?P<word>[^\W\d][\w.$]*|\d\w*)
    )""",
    re.VERBOSE,
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Dialect(StrEnum):
    """Who wrote the expression."""

    GLUE = "glue"
    """SQL: "..." quotes a name; LIKE has % and _."""
    HIVE = "hive"
    """The metastore's filter language: "..." quotes a string; LIKE has `.*` for any characters."""


class Kind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    STRING = "string"
    SYMBOL = "symbol"
    WORD = "word"
    NAME = "name"
    END = "end"


@dataclass(frozen=True)
class Token:
    """A token, and where it begins in the text (from 0)."""

    kind: Kind
    text: str
    at: int


@dataclass(frozen=True)
class Key:
    """A partition key: its place among the values, and how text becomes a value of its type."""

    index: int
    type: str
    read: Callable[[str], Comparable]

    def value(self, values: Values) -> Comparable | None:
        """The partition's value, or None for the null partition and for text that is not of the type."""
        text = values[self.index]
        if text == NULL_PARTITION:
            return None
        try:
            return self.read(text)
        except ValueError:
            return None


@dataclass(frozen=True)
class Filter:
    """A compiled expression: all of `terms` must be true, each with the places of the keys that it names."""

    terms: Sequence[tuple[frozenset[int], Test]]

    def __call__(self, values: Sequence[str]) -> bool:
        """Whether the filter selects the partition of these values."""
        return all(test(values) is True for _, test in self.terms)

    def names(self, index: int) -> bool:
        """Whether some term is about this key alone, so that it decides without the others."""
        return any(keys == {index} for keys, _ in self.terms)

    def possible(self, index: int, value: str) -> bool:
        """Whether a partition with this value of the key can be selected."""
        return all(test({index: value}) is True for keys, test in self.terms if keys == {index})


def compile_filter(
    expression: str, keys: Sequence[tuple[str, str]], dialect: Dialect = Dialect.GLUE
) -> Filter:
    """The filter that the expression means for a table with these (name, type) partition keys.

    Raises InvalidInputException that names the place in the text when it is not a filter over the keys.
    """
    return Filter(_Parser(expression, keys, dialect).parse())


def _fault(what: str, token: Token) -> NoReturn:
    near = "the end" if token.kind is Kind.END else repr(token.text)
    raise invalid(f"Invalid partition expression! {what} at position {token.at}, near {near}")


def _tokens(text: str, dialect: Dialect) -> list[Token]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            _fault("Unreadable text", Token(Kind.SYMBOL, text[start : start + 20], start))
        at = match.end()
        tokens.append(_token(match, dialect))
    return [*tokens, Token(Kind.END, "", end)]


def _token(match: re.Match[str], dialect: Dialect) -> Token:
    group = match.lastgroup or ""
    text = match.group(group)
    at = match.end() - len(match.group().lstrip())
    match group:
        case "single":
            return Token(Kind.STRING, text.replace("''", "'"), at)
        case "double":
            kind = Kind.STRING if dialect is Dialect.HIVE else Kind.NAME
            return Token(kind, text.replace('""', '"'), at)
        case "back":
            return Token(Kind.NAME, text, at)
        case _:
            return Token(Kind(group), text, at)


def _like(pattern: str, dialect: Dialect) -> re.Pattern[str]:
    """LIKE as a regular expression.

    Spark writes the metastore's pattern as `.*` around text that it does not escape, so the text between
    must be taken literally, or a partition named `a+b` is lost.
    """
    if dialect is Dialect.HIVE:
        return re.compile(".*".join(re.escape(piece) for piece in pattern.split(".*")), re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(letter) or re.escape(letter) for letter in pattern), re.DOTALL)


class _Parser:
    def __init__(self, text: str, keys: Sequence[tuple[str, str]], dialect: Dialect) -> None:
        self._tokens = _tokens(text, dialect)
        self._next = 0
        self._depth = 0
        self._named: set[int] = set()
        self._dialect = dialect
        self._keys = {
            name.lower(): Key(index, kind, reader_of(kind)) for index, (name, kind) in enumerate(keys)
        }

    def parse(self) -> list[tuple[frozenset[int], Test]]:
        """The terms of the outermost AND."""
        terms = [self._term()]
        while self._accept("AND"):
            terms.append(self._term())
        if self._accept("OR"):
            # AND binds more tightly: what was read so far is one side of the OR.
            before, self._named = _all([test for _, test in terms]), set[int]()
            either = _any([before, self._or()])
            terms = [(frozenset(self._named).union(*(keys for keys, _ in terms)), either)]
        if self._peek().kind is not Kind.END:
            _fault("Expected AND, OR or the end", self._peek())
        return terms

    def _term(self) -> tuple[frozenset[int], Test]:
        self._named = set()
        test = self._not()
        return frozenset(self._named), test

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        self._next += token.kind is not Kind.END
        return token

    def _accept(self, *words: str) -> bool:
        """Go past these words or symbols when they come next."""
        ahead = self._tokens[self._next : self._next + len(words)]
        bare = (Kind.WORD, Kind.SYMBOL)
        if len(ahead) < len(words) or any(
            token.kind not in bare or token.text.upper() != word
            for token, word in zip(ahead, words, strict=True)
        ):
            return False
        self._next += len(words)
        return True

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            _fault(f"Expected {word}", self._peek())

    def _or(self) -> Test:
        tests = [self._and()]
        while self._accept("OR"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else _any(tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._accept("AND"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else _all(tests)

    def _not(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            _fault(f"Nested deeper than {_DEEPEST}", self._peek())
        test = self._factor()
        self._depth -= 1
        return test

    def _factor(self) -> Test:
        if self._accept("NOT"):
            return _negate(self._not())
        if self._accept("("):
            test = self._or()
            self._expect(")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        first = self._peek()
        if first.kind in (Kind.NUMBER, Kind.STRING) or self._typed_literal():
            literal = self._literal_token()
            symbol = self._operator()
            key = self._key()
            return self._compare(key, _MIRRORED.get(symbol, symbol), literal)
        return self._test(self._key())

    def _test(self, key: Key) -> Test:
        if self._accept("IS", "NOT", "NULL"):
            return lambda values: values[key.index] != NULL_PARTITION
        if self._accept("IS", "NULL"):
            return lambda values: values[key.index] == NULL_PARTITION
        if self._accept("NOT"):
            return _negate(self._range(key))
        if self._peek().kind is Kind.SYMBOL:
            return self._compare(key, self._operator(), self._literal_token())
        return self._range(key)

    def _range(self, key: Key) -> Test:
        if self._accept("IN"):
            return self._in(key)
        if self._accept("BETWEEN"):
            low = self._compare(key, ">=", self._literal_token())
            self._expect("AND")
            return _all([low, self._compare(key, "<=", self._literal_token())])
        if self._accept("LIKE"):
            token = self._take()
            if token.kind is not Kind.STRING:
                _fault("Expected a quoted pattern", token)
            pattern = _like(token.text, self._dialect)
            return lambda values: (
                None
                if values[key.index] == NULL_PARTITION
                else pattern.fullmatch(values[key.index]) is not None
            )
        return _fault("Expected an operator", self._peek())

    def _in(self, key: Key) -> Test:
        self._expect("(")
        wanted = {self._read(key, self._literal_token())}
        while self._accept(","):
            wanted.add(self._read(key, self._literal_token()))
        self._expect(")")
        return lambda values: None if (value := key.value(values)) is None else value in wanted

    def _compare(self, key: Key, symbol: str, token: Token) -> Test:
        literal, holds = self._read(key, token), _OPERATORS[symbol]
        return lambda values: None if (value := key.value(values)) is None else holds(value, literal)

    def _read(self, key: Key, token: Token) -> Comparable:
        try:
            return key.read(token.text)
        except ValueError:
            return _fault(f"Not a value of type {key.type}", token)

    def _operator(self) -> str:
        token = self._take()
        if token.kind is not Kind.SYMBOL or token.text not in _OPERATORS:
            _fault("Expected an operator", token)
        return token.text

    def _typed_literal(self) -> bool:
        """Whether `DATE '...'` or `TIMESTAMP '...'` comes next; both are also good names of keys."""
        token = self._peek()
        return (
            token.kind is Kind.WORD
            and token.text.upper() in ("DATE", "TIMESTAMP")
            and self._tokens[self._next + 1].kind is Kind.STRING
        )

    def _literal_token(self) -> Token:
        if self._typed_literal():
            self._take()
        token = self._take()
        if token.kind not in (Kind.NUMBER, Kind.STRING):
            _fault("Expected a literal", token)
        return token

    def _key(self) -> Key:
        token = self._take()
        if token.kind not in (Kind.WORD, Kind.NAME):
            _fault("Expected a partition key", token)
        key = self._keys.get(token.text.lower())
        if key is None:
            _fault("Not a partition key of the table", token)
        self._named.add(key.index)
        return key


def _all(tests: list[Test]) -> Test:
    def test(values: Values) -> Truth:
        unknown = False
        for each in tests:
            truth = each(values)
            if truth is False:
                return False
            unknown |= truth is None
        return None if unknown else True

    return test


def _any(tests: list[Test]) -> Test:
    return _negate(_all([_negate(each) for each in tests]))


def _negate(test: Test) -> Test:
    return lambda values: None if (truth := test(values)) is None else not truth
