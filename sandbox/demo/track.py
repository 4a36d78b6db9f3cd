"""The two tracks of the course: what they are called, and which scripts they run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import UsageError


@dataclass(frozen=True)
class Track:
    """A track of the course.

    `tables` are the tables that the crawler must find, the main one first; `modules` are scripts that travel
    with the training script; `note` is the file of the note that explores; `records` are the new records to
    be scored.
    """

    name: str
    database: str
    crawler: str
    job: str
    tables: tuple[str, ...]
    clean_table: str
    etl_script: str
    train_script: str
    predict_script: str
    note: str
    modules: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...]

    @property
    def scripts(self) -> tuple[str, ...]:
        """Every script, once."""
        names = (self.etl_script, self.train_script, self.predict_script, *self.modules)
        return tuple(dict.fromkeys(names))

    def etl_arguments(self, target: str) -> dict[str, str]:
        """The job's arguments; the main table's name is asked for only where a job has one source."""
        arguments = {
            "--SOURCE_DATABASE": self.database,
            "--TARGET_PATH": target,
            "--TARGET_DATABASE": self.database,
            "--TARGET_TABLE": self.clean_table,
        }
        return arguments | ({"--SOURCE_TABLE": self.tables[0]} if len(self.tables) == 1 else {})


CENSUS = Track(
    name="census",
    database="censusdb",
    crawler="census-data-crawler",
    job="census-job",
    tables=("adult_data",),
    clean_table="adult_data_clean",
    etl_script="census_etl.py",
    train_script="census_train.py",
    predict_script="tree_predict.py",
    note="course/census-explore_2CENSUSEX.zpln",
    modules=(),
    records=(
        {
            "age": 46,
            "workclass": "Private",
            "education": "Masters",
            "relationship": "Husband",
            "occupation": "Exec-managerial",
        },
        {
            "age": 23,
            "workclass": "Private",
            "education": "HS-grad",
            "relationship": "Own-child",
            "occupation": "Handlers-cleaners",
        },
    ),
)

FLIGHTS = Track(
    name="flights",
    database="flightsdb",
    crawler="flights-data-crawler",
    job="flights-job",
    tables=("flights", "weather", "planes", "airlines"),
    clean_table="flights_clean",
    etl_script="flights_etl.py",
    train_script="flights_train.py",
    predict_script="tree_predict.py",
    note="course/flights-explore_2FLIGHTEX.zpln",
    modules=("census_train.py",),
    records=(
        {
            "carrier": "EV",
            "origin": "EWR",
            "hour": 19,
            "weekday": 5,
            "sched_arr_time": 2145,
            "distance": 820,
            "temp": 74.0,
            "humid": 94.0,
            "wind_speed": 16.1,
            "precip": 0.12,
            "visib": 4.0,
            "plane_age": 9,
            "seats": 55,
        },
        {
            "carrier": "DL",
            "origin": "JFK",
            "hour": 7,
            "weekday": 7,
            "sched_arr_time": 1010,
            "distance": 760,
            "temp": 52.0,
            "humid": 41.0,
            "wind_speed": 5.8,
            "precip": 0.0,
            "visib": 10.0,
            "plane_age": 12,
            "seats": 180,
        },
    ),
)


def track(name: str) -> Track:
    """The track of this name; `UsageError` naming those that exist."""
    tracks = {track.name: track for track in (CENSUS, FLIGHTS)}
    if name not in tracks:
        raise UsageError(f"There is no track {name!r}; there are {' and '.join(tracks)}")
    return tracks[name]
