"""Unmodified Spark against the metastore server: every statement is checked on both faces, what Spark
answers and what the catalog holds."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from crawled_shapes import crawled
from pyspark import SparkContext
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError
from sandbox.metastore import FileStorage, MetastoreServer, StorageByScheme
from sandbox.settings import Settings
from sandbox.store import Database

JARS = Settings.read(os.environ).cache / "jars"
NULL = "__HIVE_DEFAULT_PARTITION__"

# pyspark leaves the socket over which `collect` reads to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


@dataclass
class Lab:
    """One database to work in: what Spark says of it, what the catalog holds, where it lies."""

    spark: SparkSession
    catalog: DataCatalog
    database: str
    home: Path
    scratch: Path

    def sql(self, *statements: str) -> list[tuple]:
        """The rows of the last statement."""
        rows: list[tuple] = []
        for statement in statements:
            rows = [tuple(row) for row in self.spark.sql(statement).collect()]
        return rows

    def table(self, name: str) -> dict:
        return self.catalog.get_table(self.database, name)

    def values(self, name: str) -> list[list[str]]:
        return self.catalog.get_partition_values(self.database, name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("metastore")


@pytest.fixture(scope="module")
def catalog(folder: Path) -> Iterator[DataCatalog]:
    store = Database(folder / "catalog.db")
    yield DataCatalog(store, lambda: 1_700_000_000.0)
    store.close()


@pytest.fixture(scope="module")
def spark(folder: Path, catalog: DataCatalog) -> Iterator[SparkSession]:
    warehouse = f"file:{folder}/warehouse"
    storage = StorageByScheme({"file": FileStorage()})
    server = MetastoreServer(catalog, "127.0.0.1", 0, warehouse, storage)
    server.start()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        builder = SparkSession.builder.master("local[2]").appName("metastore")
        settings = {
            "spark.driver.extraClassPath": f"{JARS}/*",
            "spark.sql.catalogImplementation": "hive",
            "spark.hadoop.hive.metastore.uris": f"thrift://127.0.0.1:{server.port}",
            "spark.hadoop.hive.exec.scratchdir": f"{folder}/scratch",
            "spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict",
            "spark.sql.warehouse.dir": warehouse,
            "spark.sql.shuffle.partitions": "2",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    yield session
    session.stop()
    gateway = SparkContext._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=60)
    SparkContext._gateway = SparkContext._jvm = None
    server.stop()


@pytest.fixture
def lab(
    spark: SparkSession, catalog: DataCatalog, folder: Path, request: pytest.FixtureRequest
) -> Iterator[Lab]:
    name = request.node.name.removeprefix("test_")[:60]
    home = folder / "warehouse" / f"{name}.db"
    scratch = folder / name
    scratch.mkdir()
    spark.sql(f"CREATE DATABASE {name}")
    spark.sql(f"USE {name}")
    yield Lab(spark, catalog, name, home, scratch)
    spark.sql("USE default")
    spark.sql(f"DROP DATABASE IF EXISTS {name} CASCADE")
    with pytest.raises(AwsError):
        catalog.get_database(name)
    assert not home.exists()


def csv_tree(lab: Lab) -> Path:
    """Two partitions (y, m) of csv files."""
    root = lab.scratch / "csv"
    for place, text in {"y=2023/m=01": "1,a\n2,b\n", "y=2024/m=02": "3,c\n"}.items():
        (root / place).mkdir(parents=True)
        (root / place / "part.csv").write_text(text)
    return root


def external_csv(lab: Lab) -> Path:
    """The external table `c` over `csv_tree`, its partitions found by MSCK."""
    root = csv_tree(lab)
    lab.sql(
        "CREATE EXTERNAL TABLE c (id int, n string) PARTITIONED BY (y int, m string)"
        f" ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' STORED AS TEXTFILE LOCATION 'file:{root}'",
        "MSCK REPAIR TABLE c",
    )
    return root


def test_databases(lab: Lab) -> None:
    lab.sql("CREATE DATABASE other COMMENT 'words' WITH DBPROPERTIES ('a' = 'b')")
    assert ("other",) in lab.sql("SHOW DATABASES")
    lab.sql("ALTER DATABASE other SET DBPROPERTIES ('x' = 'y')")
    stored = lab.catalog.get_database("other")
    assert (stored["Description"], stored["Parameters"]) == ("words", {"a": "b", "x": "y"})
    assert dict(lab.sql("DESCRIBE DATABASE EXTENDED other"))["Comment"] == "words"
    lab.sql("CREATE TABLE other.t (a int) USING parquet")
    with pytest.raises(AnalysisException, match="SCHEMA_NOT_EMPTY"):
        lab.sql("DROP DATABASE other")
    assert lab.catalog.get_table_names("other") == ["t"]
    lab.sql("DROP DATABASE other CASCADE", "DROP DATABASE IF EXISTS other")
    assert "other" not in [database["Name"] for database in lab.catalog.get_databases()]


def test_create_table_as_select(lab: Lab) -> None:
    lab.sql("CREATE TABLE p USING parquet AS SELECT id, cast(id AS string) AS n FROM range(10)")
    assert lab.sql("SELECT count(*), max(n) FROM p") == [(10, "9")]
    stored = lab.table("p")
    assert [(each["Name"], each["Type"]) for each in stored["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"),
        ("n", "string"),
    ]
    assert stored["TableType"] == "MANAGED_TABLE"
    assert stored["Parameters"]["spark.sql.sources.provider"] == "parquet"
    assert stored["StorageDescriptor"]["Location"] == f"file:{lab.home}/p"
    for form, serde in {"ORC": "OrcSerde", "AVRO": "AvroSerDe", "PARQUET": "ParquetHiveSerDe"}.items():
        lab.sql(f"CREATE TABLE {form} STORED AS {form} AS SELECT * FROM p")
        assert lab.sql(f"SELECT sum(id) FROM {form}") == [(45,)]
        assert lab.table(form)["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith(serde)
    tables = [row[1] for row in lab.sql("SHOW TABLES")]
    assert tables == lab.catalog.get_table_names(lab.database) == ["avro", "orc", "p", "parquet"]


def test_partitions_are_found_and_pruned(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    external_csv(lab)
    assert lab.values("c") == [["2023", "01"], ["2024", "02"]]
    assert lab.sql("SHOW PARTITIONS c") == [("y=2023/m=01",), ("y=2024/m=02",)]
    assert lab.sql("SHOW PARTITIONS c PARTITION (y = 2023)") == [("y=2023/m=01",)]
    assert lab.table("c")["TableType"] == "EXTERNAL_TABLE"
    asked: list[tuple[str | None, int]] = []
    page = lab.catalog.get_partitions_page

    def watched(database: str, table: str, expression: str | None = None, **more: object) -> object:
        found = page(database, table, expression, **more)
        asked.append((expression, len(found[0])))
        return found

    monkeypatch.setattr(lab.catalog, "get_partitions_page", watched)
    for where, ids, selected in [
        ("y = 2024", [3], 1),
        ("y > 2023 AND m = '02'", [3], 1),
        ("m IN ('01', '03')", [1, 2], 1),
        ("m LIKE '0%'", [1, 2, 3], 2),
        ("m LIKE '%1'", [1, 2], 1),
        ("m NOT IN ('01')", [3], 1),
        ("y = 1999", [], 0),
        ("y = 2023 OR (y = 2024 AND m <> '02')", [1, 2], 1),
    ]:
        asked.clear()
        assert [row[0] for row in lab.sql(f"SELECT id FROM c WHERE {where} ORDER BY id")] == ids
        assert [count for expression, count in asked if expression] == [selected], where
    asked.clear()
    assert lab.sql("SELECT id FROM c WHERE y + 1 = 2025") == [(3,)]
    assert asked == [(None, 2)]


def test_pruning_by_date_and_odd_text(lab: Lab) -> None:
    lab.sql(
        "CREATE TABLE days (id bigint) PARTITIONED BY (d date) STORED AS PARQUET",
        "INSERT INTO days SELECT id, date_add(DATE '2024-01-01', cast(id % 3 AS int)) FROM range(9)",
    )
    assert lab.values("days") == [["2024-01-01"], ["2024-01-02"], ["2024-01-03"]]
    assert lab.sql("SELECT count(*) FROM days WHERE d >= DATE '2024-01-02'") == [(6,)]
    assert lab.sql("SELECT count(*) FROM days WHERE d = '2024-01-02'") == [(3,)]
    odd = ["a b/c=d:é%", "a+b(c", 'say "hi"', "it''s", "back\\\\slash"]
    lab.sql("CREATE TABLE odd (id int) PARTITIONED BY (k string) STORED AS PARQUET")
    lab.sql("INSERT INTO odd VALUES " + ", ".join(f"({at}, '{text}')" for at, text in enumerate(odd)))
    lab.sql("INSERT INTO odd VALUES (99, null)")
    assert [NULL] in lab.values("odd")
    assert ["a b/c=d:é%"] in lab.values("odd")
    for at, text in enumerate(odd):
        assert lab.sql(f"SELECT id FROM odd WHERE k = '{text}'") == [(at,)]
    assert lab.sql("SELECT id FROM odd WHERE k LIKE 'a+b(%'") == [(1,)]
    assert lab.sql("SELECT id FROM odd WHERE k IS NULL") == [(99,)]
    assert lab.sql("SELECT count(*) FROM odd WHERE k <> 'x'") == [(5,)]
    assert (f"k={NULL}",) in lab.sql("SHOW PARTITIONS odd")


def test_inserts_into_partitions(lab: Lab) -> None:
    external_csv(lab)
    lab.sql("INSERT INTO c PARTITION (y = 2026, m = '01') VALUES (9, 'z')")
    lab.sql("INSERT OVERWRITE TABLE c PARTITION (y = 2026, m = '01') VALUES (10, 'zz')")
    lab.sql("INSERT INTO c VALUES (11, 'q', 2027, '01'), (12, 'q', 2027, '02')")
    lab.sql("INSERT OVERWRITE TABLE c PARTITION (y, m) VALUES (13, 'q', 2027, '01')")
    assert lab.sql("SELECT id, y, m FROM c WHERE y >= 2026 ORDER BY id") == [
        (10, 2026, "01"),
        (12, 2027, "02"),
        (13, 2027, "01"),
    ]
    assert lab.values("c")[2:] == [["2026", "01"], ["2027", "01"], ["2027", "02"]]
    stored = lab.catalog.get_partition(lab.database, "c", ["2026", "01"])
    assert stored["StorageDescriptor"]["Location"] == f"file:{lab.scratch}/csv/y=2026/m=01"


def test_datasource_tables(lab: Lab) -> None:
    rows = lab.spark.range(100).selectExpr("id", "cast(id AS string) AS s", "id % 4 AS k")
    writer = rows.write.partitionBy("k").bucketBy(2, "id").sortBy("id")
    writer.mode("overwrite").saveAsTable("sat")
    writer.mode("append").saveAsTable("sat")
    assert lab.sql("SELECT count(*) FROM sat WHERE k = 1") == [(50,)]
    assert lab.values("sat") == [["0"], ["1"], ["2"], ["3"]]
    assert lab.table("sat")["Parameters"]["spark.sql.sources.schema.numBuckets"] == "2"
    lab.sql(
        "CREATE TABLE j (id int, d string) USING json PARTITIONED BY (d)",
        "INSERT INTO j VALUES (1, 'a'), (2, 'b')",
    )
    lab.spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    lab.sql("INSERT OVERWRITE TABLE j PARTITION (d) SELECT 3, 'b'")
    lab.spark.conf.unset("spark.sql.sources.partitionOverwriteMode")
    assert lab.sql("SELECT * FROM j ORDER BY id") == [(1, "a"), (3, "b")]
    assert lab.values("j") == [["a"], ["b"]]
    lab.sql("TRUNCATE TABLE j")
    assert lab.sql("SELECT count(*) FROM j") == [(0,)]
    lab.sql("ANALYZE TABLE sat COMPUTE STATISTICS")
    assert lab.table("sat")["Parameters"]["spark.sql.statistics.numRows"] == "200"
    assert "200 rows" in {row[0]: row[1] for row in lab.sql("DESCRIBE EXTENDED sat")}["Statistics"]


def test_alter_partitions(lab: Lab) -> None:
    external_csv(lab)
    elsewhere = lab.scratch / "elsewhere"
    lab.sql(f"ALTER TABLE c ADD IF NOT EXISTS PARTITION (y = 2025, m = '05') LOCATION 'file:{elsewhere}'")
    lab.sql("ALTER TABLE c ADD IF NOT EXISTS PARTITION (y = 2025, m = '05')")
    with pytest.raises(AnalysisException, match="PARTITIONS_ALREADY_EXIST"):
        lab.sql("ALTER TABLE c ADD PARTITION (y = 2025, m = '05')")
    assert elsewhere.is_dir()
    moved = lab.scratch / "moved"
    moved.mkdir()
    (moved / "part.csv").write_text("7,moved\n")
    lab.sql(f"ALTER TABLE c PARTITION (y = 2025, m = '05') SET LOCATION 'file:{moved}'")
    assert lab.sql("SELECT n FROM c WHERE y = 2025") == [("moved",)]
    described = lab.sql("DESCRIBE EXTENDED c PARTITION (y = 2025, m = '05')")
    assert f"file:{moved}" in [row[1] for row in described]
    lab.sql("ALTER TABLE c PARTITION (y = 2025, m = '05') RENAME TO PARTITION (y = 2025, m = '06')")
    assert lab.sql("SELECT m, n FROM c WHERE y = 2025") == [("06", "moved")]
    stored = lab.catalog.get_partition(lab.database, "c", ["2025", "06"])
    assert stored["StorageDescriptor"]["Location"] == f"file:{moved}"
    lab.sql("ALTER TABLE c DROP PARTITION (y = 2025, m = '06')")
    lab.sql("ALTER TABLE c DROP IF EXISTS PARTITION (y = 2025, m = '99')")
    assert lab.values("c") == [["2023", "01"], ["2024", "02"]]
    assert (moved / "part.csv").exists()


def test_alter_tables(lab: Lab) -> None:
    lab.sql("CREATE TABLE h (id bigint, n string) STORED AS PARQUET", "INSERT INTO h VALUES (1, 'a')")
    lab.sql("ALTER TABLE h ADD COLUMNS (extra int COMMENT 'more')")
    lab.sql("ALTER TABLE h CHANGE COLUMN n n string COMMENT 'name'")
    assert lab.sql("SELECT * FROM h") == [(1, "a", None)]
    assert lab.table("h")["StorageDescriptor"]["Columns"] == [
        {"Name": "id", "Type": "bigint"},
        {"Name": "n", "Type": "string", "Comment": "name"},
        {"Name": "extra", "Type": "int", "Comment": "more"},
    ]
    lab.sql(
        "ALTER TABLE h SET TBLPROPERTIES ('k' = 'v', 'gone' = '1')",
        "ALTER TABLE h UNSET TBLPROPERTIES ('gone')",
    )
    assert dict(lab.sql("SHOW TBLPROPERTIES h"))["k"] == lab.table("h")["Parameters"]["k"] == "v"
    assert "gone" not in lab.table("h")["Parameters"]
    lab.sql("ALTER TABLE h SET SERDEPROPERTIES ('p' = 'q')")
    assert lab.table("h")["StorageDescriptor"]["SerdeInfo"]["Parameters"]["p"] == "q"
    versions = lab.catalog.get_table_versions(lab.database, "h")
    assert len(versions[-1]["Table"]["StorageDescriptor"]["Columns"]) == 2


def test_renames_move_managed_tables_only(lab: Lab) -> None:
    root = external_csv(lab)
    lab.sql("CREATE TABLE ds USING parquet AS SELECT id FROM range(3)", "ALTER TABLE ds RENAME TO ds2")
    lab.sql(
        "CREATE TABLE h (id int) PARTITIONED BY (k string) STORED AS ORC", "INSERT INTO h VALUES (1, 'a')"
    )
    lab.sql("ALTER TABLE h RENAME TO h2", "ALTER TABLE c RENAME TO c2")
    assert lab.sql("SELECT count(*) FROM ds2") == [(3,)]
    assert lab.sql("SELECT * FROM h2 WHERE k = 'a'") == [(1, "a")]
    assert lab.sql("SELECT count(*) FROM c2") == [(3,)]
    assert lab.catalog.get_table_names(lab.database) == ["c2", "ds2", "h2"]
    assert sorted(each.name for each in lab.home.iterdir()) == ["ds2", "h2"]
    assert lab.table("c2")["StorageDescriptor"]["Location"] == f"file:{root}"
    stored = lab.catalog.get_partition(lab.database, "h2", ["a"])
    assert stored["StorageDescriptor"]["Location"] == f"file:{lab.home}/h2/k=a"


def test_views(lab: Lab) -> None:
    external_csv(lab)
    lab.sql(
        "CREATE VIEW v AS SELECT id, y FROM c WHERE y > 2022",
        "CREATE OR REPLACE VIEW v AS SELECT id FROM c WHERE y > 2023",
    )
    assert lab.sql("SELECT * FROM v") == [(3,)]
    assert [row[1] for row in lab.sql("SHOW VIEWS")] == ["v"]
    stored = lab.table("v")
    assert stored["TableType"] == "VIRTUAL_VIEW"
    assert stored["ViewOriginalText"] == "SELECT id FROM c WHERE y > 2023"
    assert "Location" not in stored["StorageDescriptor"]
    lab.sql("DROP VIEW v")
    assert lab.catalog.get_table_names(lab.database) == ["c"]


def test_functions(lab: Lab) -> None:
    lab.sql("CREATE FUNCTION up AS 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFUpper'")
    assert lab.sql(f"SELECT {lab.database}.up('a'), up('b')") == [("A", "B")]
    assert lab.catalog.get_function(lab.database, "up")["ClassName"].endswith("GenericUDFUpper")
    assert (f"spark_catalog.{lab.database}.up",) in lab.sql("SHOW USER FUNCTIONS")
    lab.sql("DROP FUNCTION up")
    assert lab.catalog.get_functions(lab.database) == []
    with pytest.raises(AnalysisException, match="UNRESOLVED_ROUTINE"):
        lab.sql("SELECT up('b')")


def test_drops(lab: Lab) -> None:
    root = external_csv(lab)
    lab.sql(
        "CREATE TABLE m (id int) PARTITIONED BY (k string) STORED AS PARQUET",
        "INSERT INTO m VALUES (1, 'a'), (2, 'b')",
    )
    lab.sql("CREATE TABLE lk LIKE c")
    assert [key["Name"] for key in lab.table("lk")["PartitionKeys"]] == ["y", "m"]
    lab.sql("ALTER TABLE m DROP PARTITION (k = 'a')")
    assert [each.name for each in (lab.home / "m").iterdir() if each.is_dir()] == ["k=b"]
    lab.sql("DROP TABLE m PURGE", "DROP TABLE c", "DROP TABLE lk", "DROP TABLE IF EXISTS nope")
    assert lab.catalog.get_table_names(lab.database) == []
    assert list(lab.home.iterdir()) == []
    assert (root / "y=2023/m=01/part.csv").exists()
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        lab.sql("SELECT * FROM nope")


def test_a_glue_table_is_read_and_altered_without_damage(lab: Lab) -> None:
    root = csv_tree(lab)
    columns = [
        {"Name": "id", "Type": "int", "Parameters": {"from": "crawler"}},
        {"Name": "n", "Type": "string"},
    ]
    storage = {
        "Columns": columns,
        "Location": f"file:{root}/",
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": ","},
        },
    }
    document = {
        "Name": "g",
        "Description": "from a crawler",
        "PartitionKeys": [{"Name": "y", "Type": "int"}, {"Name": "m", "Type": "string"}],
        "StorageDescriptor": storage,
    }
    lab.catalog.create_table(lab.database, document)
    lab.catalog.create_partition(lab.database, "g", {"Values": ["2023", "01"]})
    assert lab.sql("SELECT id, n FROM g WHERE y = 2023 ORDER BY id") == [(1, "a"), (2, "b")]
    lab.sql("MSCK REPAIR TABLE g")
    assert lab.sql("SELECT count(*) FROM g") == [(3,)]
    lab.sql("ALTER TABLE g SET TBLPROPERTIES ('k' = 'v')")
    stored = lab.table("g")
    # Hive's client adds the parameter; the rest is what the crawler wrote.
    assert stored["StorageDescriptor"]["SerdeInfo"]["Parameters"].pop("serialization.format") == "1"
    assert stored["StorageDescriptor"] == storage
    assert stored["Description"] == "from a crawler"
    assert stored["Parameters"]["k"] == "v"


def test_the_crawlers_json_serde_survives_spark(lab: Lab) -> None:
    if not list(JARS.glob("hive-hcatalog-core-*.jar")):
        pytest.skip("the jar with Hive's JSON SerDe has not been fetched")
    openx = "org.openx.data.jsonserde.JsonSerDe"
    (lab.scratch / "json/d=1").mkdir(parents=True)
    (lab.scratch / "json/d=1/part.json").write_text(json.dumps({"id": 1}) + "\n")
    serde = {"SerializationLibrary": openx, "Parameters": {"paths": "id"}}
    storage = {
        "Columns": [{"Name": "id", "Type": "int"}],
        "Location": f"file:{lab.scratch}/json",
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": serde,
    }
    document = {"Name": "j", "PartitionKeys": [{"Name": "d", "Type": "string"}], "StorageDescriptor": storage}
    lab.catalog.create_table(lab.database, document)
    lab.sql("ALTER TABLE j ADD PARTITION (d = '1')", "ALTER TABLE j SET TBLPROPERTIES ('k' = 'v')")
    described = {row[0]: row[1] for row in lab.sql("DESCRIBE EXTENDED j")}
    assert described["Serde Library"] == "org.apache.hive.hcatalog.data.JsonSerDe"
    assert lab.sql("SELECT id, d FROM j") == [(1, "1")]
    stored = lab.table("j")["StorageDescriptor"]["SerdeInfo"]
    assert stored == serde | {"Parameters": {"paths": "id", "serialization.format": "1"}}
    partition = lab.catalog.get_partition(lab.database, "j", ["1"])
    assert partition["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] == openx


def create_crawled(lab: Lab, shape: str) -> None:
    table, partitions = crawled(shape)
    lab.catalog.create_table(lab.database, table)
    lab.catalog.create_partitions(lab.database, shape, partitions)


def test_crawled_tables(lab: Lab) -> None:
    ada = (1, "Ada", date(1815, 12, 10), Decimal("1.50"), 2026, "a", "London", 1)
    columns = "id, name, born, paid, year(seen), tags[0], home.city, marks['maths']"
    for shape in ("avro", "avro_evolved", "orc", "parquet"):
        create_crawled(lab, shape)
        assert ada in lab.sql(f"SELECT {columns} FROM {shape}"), shape
    create_crawled(lab, "csv_dialect")
    # OpenCSVSerde knows nothing but text, whatever the catalog says.
    assert lab.sql("SELECT * FROM csv_dialect") == [("1", "one~two"), ("2", "three")]
    # Each partition was written with a schema of its own.
    evolved = "SELECT id, email, day FROM avro_evolved ORDER BY day"
    assert lab.sql(evolved) == [(1, None, "1"), (1, "ada@example.com", "2")]


def test_changes_on_the_glue_face_are_seen_at_once(lab: Lab) -> None:
    external_csv(lab)
    assert lab.sql("SELECT count(*) FROM c") == [(3,)]
    lab.catalog.delete_partition(lab.database, "c", ["2023", "01"])
    assert lab.sql("SELECT count(*) FROM c") == [(1,)]
    lab.catalog.delete_table(lab.database, "c")
    assert lab.sql("SHOW TABLES") == []
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        lab.sql("SELECT count(*) FROM c")
