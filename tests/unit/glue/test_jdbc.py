"""JDBC URLs, include paths and types: tables of what is decided without a database."""

import pytest

from sandbox.errors import AwsError, UsageError, WorkFailed
from sandbox.glue.jdbc import include_path, postgres, sqlite
from sandbox.glue.jdbc.address import Address, Engine, parse
from sandbox.glue.jdbc.credentials import HIDDEN, Credentials, credentials
from sandbox.glue.jdbc.table import Table

SERVER = Address(Engine.POSTGRESQL, "shop", "db", 5432)
FILE = Address(Engine.SQLITE, "shop", path="/data/shop.db")
TABLES = [Table(schema, name, False, ()) for schema, name in [
    ("hr", "people"), ("hr", "Market_us"), ("public", "orders"), ("public", "people"), ("public", "x.y"),
]]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("jdbc:postgresql://db:5432/shop", SERVER),
        ("jdbc:postgresql://db/shop", SERVER),
        ("jdbc:postgresql://127.0.0.1:1/shop", Address(Engine.POSTGRESQL, "shop", "127.0.0.1", 1)),
        ("jdbc:postgresql://[::1]:2/my%20shop", Address(Engine.POSTGRESQL, "my shop", "::1", 2)),
        ("jdbc:sqlite:/data/shop.db", FILE),
        ("jdbc:sqlite:/data/my shop", Address(Engine.SQLITE, "my shop", path="/data/my shop")),
    ],
)
def test_urls(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://db/shop", "InvalidInputException"),
        ("jdbc:", "InvalidInputException"),
        ("jdbc:postgresql:", "InvalidInputException"),
        ("jdbc:postgresql:shop", "InvalidInputException"),
        ("jdbc:postgresql://db:x/shop", "InvalidInputException"),
        ("jdbc:postgresql://db:99999/shop", "InvalidInputException"),
        ("jdbc:postgresql://db/", "InvalidInputException"),
        ("jdbc:postgresql://db/a/b", "InvalidInputException"),
        ("jdbc:postgresql://a,b/shop", "InvalidInputException"),
        ("jdbc:postgresql://[::1/shop", "InvalidInputException"),
        ("jdbc:sqlite:shop.db", "InvalidInputException"),
        ("jdbc:sqlite:/", "InvalidInputException"),
        ("jdbc:sqlite::memory:", "InvalidInputException"),
        ("jdbc:mysql://db:3306/shop", "NotEmulated"),
        ("jdbc:oracle:thin:@//db:1521/shop", "NotEmulated"),
        ("jdbc:sqlserver://db:1433;database=shop", "NotEmulated"),
        ("jdbc:postgresql://db/shop?sslmode=require", "NotEmulated"),
        ("jdbc:postgresql://db/shop?user=u&password=qwertz", "NotEmulated"),
        ("jdbc:postgresql://u:qwertz@db/shop", "NotEmulated"),
        ("jdbc:oracle:thin:u/qwertz@db:1521:shop", "NotEmulated"),
        ("jdbc:sqlserver://db;user=u;Password=qwertz", "NotEmulated"),
    ],
)
def test_urls_that_are_refused_are_not_repeated(url: str, code: str) -> None:
    with pytest.raises(AwsError) as refused:
        parse(url)
    assert refused.value.code == code
    assert "qwertz" not in str(refused.value)


def test_another_engine_is_refused_by_name() -> None:
    with pytest.raises(AwsError, match="connecting to mysql is not emulated") as refused:
        parse("jdbc:mysql://db/shop")
    assert refused.value.status == 501


@pytest.mark.parametrize(
    ("path", "address", "exclusions", "names"),
    [
        ("shop/public/orders", SERVER, (), ["public.orders"]),
        ("shop/public/%", SERVER, (), ["public.orders", "public.people", "public.x.y"]),
        ("shop/%/people", SERVER, (), ["hr.people", "public.people"]),
        ("shop/%", SERVER, (), ["hr.people", "hr.Market_us", "public.orders", "public.people", "public.x.y"]),
        ("shop/hr/%", SERVER, ("Market_*",), ["hr.people"]),
        ("shop/hr/%", SERVER, ("market_*",), ["hr.people", "hr.Market_us"]),
        ("shop/%", SERVER, ("hr/*", "public/{orders,x.?}"), ["public.people"]),
        ("shop/%/%", SERVER, ("**people",), ["hr.Market_us", "public.orders", "public.x.y"]),
        ("/shop/HR/%/", SERVER, (), []),
        ("shop/public/nothing", SERVER, (), []),
    ],
)
def test_include_paths(path: str, address: Address, exclusions: tuple[str, ...], names: list[str]) -> None:
    chosen = include_path.chosen(include_path.parse(path), exclusions, address, TABLES)
    assert [f"{each.schema}.{each.name}" for each in chosen] == names


@pytest.mark.parametrize(
    ("path", "exclusions", "names"),
    [("shop/%", (), ["a", "b"]), ("shop/b", (), ["b"]), ("shop/%", ("[b-z]",), ["a"])],
)
def test_include_paths_without_schemas(path: str, exclusions: tuple[str, ...], names: list[str]) -> None:
    tables = [Table("", name, False, ()) for name in "ab"]
    chosen = include_path.chosen(include_path.parse(path), exclusions, FILE, tables)
    assert [each.name for each in chosen] == names


@pytest.mark.parametrize(
    "path", ["", "shop", "a/b/c/d", "shop//t", "%/public/%", "sh%/t", "shop/o%", "s/p%/t"]
)
def test_include_paths_that_are_wrong(path: str) -> None:
    with pytest.raises(UsageError):
        include_path.parse(path)


@pytest.mark.parametrize(
    ("path", "address", "why"),
    [
        ("Shop/public/%", SERVER, "names the database Shop, the connection shop"),
        ("shop/orders", SERVER, "database/schema/table"),
        ("shop/main/orders", FILE, "database/table"),
    ],
)
def test_include_paths_that_do_not_fit(path: str, address: Address, why: str) -> None:
    with pytest.raises(WorkFailed, match=why):
        include_path.chosen(include_path.parse(path), (), address, TABLES)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (("numeric", 10, 2, None), "decimal(10,2)"),
        (("numeric", None, None, None), "decimal(38,18)"),
        (("numeric", 100, 40, None), "decimal(38,38)"),
        (("numeric", 3, -2, None), "decimal(5,0)"),
        (("bit", None, None, 1), "boolean"),
        (("bit", None, None, 8), "string"),
        (("_numeric", None, None, None), "array<decimal(38,18)>"),
        (("_timestamptz", None, None, None), "array<timestamp>"),
        (("interval", None, None, None), "string"),
        (("time", None, None, None), "string"),
        (("money", None, None, None), "double"),
    ],
)
def test_types_of_postgresql(column: tuple[str, int | None, int | None, int | None], kind: str) -> None:
    assert postgres.hive_type(*column) == kind


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("INTEGER", "int"), ("int", "int"), ("MEDIUMINT", "int"), ("INT(11)", "int"), ("TINYINT", "tinyint"),
        ("SMALLINT", "smallint"), ("BIGINT", "bigint"), ("unsigned big int", "bigint"), ("INT8", "bigint"),
        ("VARCHAR(20)", "string"), ("TEXT", "string"), ("", "string"), ("JSON", "string"),
        ("REAL", "double"), ("DOUBLE PRECISION", "double"), ("FLOAT", "double"),
        ("DECIMAL(10,2)", "decimal(10,2)"), ("numeric ( 8 , 3 )", "decimal(8,3)"),
        ("NUMERIC(6)", "decimal(6,0)"), ("NUMERIC", "decimal(38,18)"),
        ("BOOLEAN", "boolean"), ("DATE", "date"), ("DATETIME", "timestamp"), ("TIMESTAMP", "timestamp"),
        ("BLOB", "binary"),
    ],
)  # fmt: skip
def test_types_of_sqlite(declared: str, kind: str) -> None:
    assert sqlite.hive_type(declared) == kind


def test_a_password_is_not_shown() -> None:
    who = Credentials("shopkeeper", "qwertz")
    assert "qwertz" not in repr(who)
    assert who.redacted("no qwertz today") == f"no {HIDDEN} today"
    assert Credentials("shopkeeper", "").redacted("all") == "all"


class Secrets:
    """The part of a boto3 Secrets Manager client that connections use."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_secret_value(self, SecretId: str) -> dict:  # noqa: N803, ARG002 - AWS's own name
        return {"SecretString": self.text}


def test_a_secret() -> None:
    found = credentials({"SECRET_ID": "s"}, lambda _: Secrets('{"username": "u", "password": "qwertz"}'))
    assert found == Credentials("u", "qwertz")


@pytest.mark.parametrize("text", ["qwertz", '["qwertz"]', '{"password": "qwertz"}', '"qwertz"', ""])
def test_a_secret_that_is_none(text: str) -> None:
    with pytest.raises(WorkFailed, match="Secret s is no JSON object") as refused:
        credentials({"SECRET_ID": "s"}, lambda _: Secrets(text))
    assert "qwertz" not in str(refused.value)
    assert refused.value.__cause__ is None
