"""Which data a track runs on, and what it is called."""

from __future__ import annotations

import gzip

import pytest

from sandbox.demo import dataset, packaged
from sandbox.demo.dataset import Kind, choose
from sandbox.demo.track import CENSUS, FLIGHTS, track
from sandbox.errors import UsageError


def test_made_up_when_there_is_nothing_else(tmp_path):
    chosen = choose(CENSUS, None, tmp_path)
    assert chosen.kind is Kind.SYNTHETIC
    assert chosen.document()["kind"] == "SYNTHETIC"
    assert "no person" in chosen.source
    assert chosen.size == len(chosen.files[0].open().read())
    assert chosen.files[0].key == "adult_data/adult.data"


def test_the_real_file_is_known_by_its_checksum(adult, tmp_path):
    assert choose(CENSUS, adult, tmp_path).kind is Kind.REAL
    cached = dataset.cached_adult(tmp_path)
    cached.parent.mkdir(parents=True)
    cached.write_bytes(adult.read_bytes())
    chosen = choose(CENSUS, None, tmp_path)
    assert (chosen.kind, chosen.size, chosen.licence) == (Kind.REAL, 3_974_305, "CC BY 4.0")


def test_a_packed_file_is_unpacked(adult, tmp_path):
    packed = tmp_path / "adult.data.gz"
    packed.write_bytes(gzip.compress(adult.read_bytes(), 1))
    assert choose(CENSUS, packed, tmp_path).kind is Kind.REAL


def test_another_file_is_never_called_real(tmp_path):
    given = tmp_path / "mine.data"
    given.write_bytes(b"39, State-gov\n")
    chosen = choose(CENSUS, given, tmp_path)
    assert (chosen.kind, chosen.name, chosen.licence) == (Kind.GIVEN, "mine.data", "not known")


@pytest.mark.parametrize("chosen", [CENSUS, FLIGHTS])
def test_what_is_not_there_is_named(tmp_path, chosen):
    with pytest.raises(UsageError, match=r"There is no file .*missing\.data"):
        choose(chosen, tmp_path / "missing.data", tmp_path)


def test_a_folder_is_no_census_and_a_file_no_flights(tmp_path):
    with pytest.raises(UsageError, match="is a folder"):
        choose(CENSUS, tmp_path, tmp_path)
    file = tmp_path / "flights.csv"
    file.touch()
    with pytest.raises(UsageError, match="is not a folder with flights/"):
        choose(FLIGHTS, file, tmp_path)
    with pytest.raises(UsageError, match="holds no files"):
        choose(FLIGHTS, tmp_path, tmp_path)


def test_the_sample_of_flights_is_small_and_called_so(tmp_path):
    chosen = choose(FLIGHTS, None, tmp_path)
    assert chosen.kind is Kind.SAMPLE
    assert chosen.size < 300_000
    assert {file.key.partition("/")[0] for file in chosen.files} == set(FLIGHTS.tables)
    months = {file.key for file in chosen.files if file.key.startswith("flights/")}
    assert months == {f"flights/month={month}/flights.csv" for month in range(1, 13)}
    assert chosen.advice == "sandbox datasets fetch flights"


def test_flights_in_the_cache_are_the_whole(tmp_path):
    for table in FLIGHTS.tables:
        folder = dataset.cached_flights(tmp_path) / table
        folder.mkdir(parents=True)
        (folder / "part").touch()
    assert choose(FLIGHTS, None, tmp_path).kind is Kind.FULL


def test_every_script_of_a_track_travels_with_the_program():
    for name in ("census", "flights"):
        for script in track(name).scripts:
            assert (packaged.jobs() / script).is_file()


def test_an_unknown_track_is_told_those_that_exist():
    with pytest.raises(UsageError, match="census and flights"):
        track("trains")
