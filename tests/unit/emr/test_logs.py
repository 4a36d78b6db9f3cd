"""Logs are sent while they grow, and a fault of S3 changes nothing."""

import gzip
import logging

import pytest

from sandbox.emr import request
from sandbox.emr.layout import Layout
from sandbox.emr.logs import SMALL, LogShipper, worth_sending


class Store:
    """Takes objects; `fault` is raised instead when it is set."""

    def __init__(self):
        self.objects, self.puts, self.fault = {}, 0, None

    def put_object(self, Bucket, Key, Body):  # noqa: N803 - boto3's names
        if self.fault:
            raise self.fault
        self.puts += 1
        self.objects[f"{Bucket}/{Key}"] = gzip.decompress(Body).decode()


def cluster(log_uri):
    numbers = iter(range(100))
    groups = [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}]
    given = {"Name": "c", "ReleaseLabel": "emr-7.1.0", "Instances": {"InstanceGroups": groups}}
    more = {"LogUri": log_uri} if log_uri else {}
    return request.cluster(given | more, 0.0, lambda prefix, _: f"{prefix}{next(numbers)}")


@pytest.fixture
def shipping(tmp_path):
    store, one = Store(), cluster("s3://b/logs/")
    folder = Layout(tmp_path, one.id).step_logs("s-1")
    folder.mkdir(parents=True)
    return store, one, folder, LogShipper(lambda: store, lambda id: Layout(tmp_path, id))


def test_what_has_grown_is_sent_again_and_nothing_else(shipping):
    store, one, folder, shipper = shipping
    (folder / "stdout").write_text("a")
    (folder / "stderr").write_text("")
    shipper.ship(one, folder)
    assert store.objects == {
        f"b/logs/{one.id}/steps/s-1/stdout.gz": "a",
        f"b/logs/{one.id}/steps/s-1/stderr.gz": "",
    }
    shipper.ship(one, folder)
    assert store.puts == 2
    (folder / "stdout").write_text("ab")
    shipper.ship(one, folder, growing=True)
    assert store.puts == 3
    assert store.objects[f"b/logs/{one.id}/steps/s-1/stdout.gz"] == "ab"


def test_a_large_log_is_whole_in_the_end(shipping):
    store, one, folder, shipper = shipping
    (folder / "stdout").write_text("x" * (SMALL + 1))
    shipper.ship(one, folder, growing=True)
    with (folder / "stdout").open("a") as file:
        file.write("end")
    shipper.ship(one, folder, growing=True)
    assert store.puts == 1
    shipper.ship(one, folder)
    assert store.objects[f"b/logs/{one.id}/steps/s-1/stdout.gz"].endswith("end")


def test_a_fault_is_told_once_and_tried_again(shipping, caplog):
    store, one, folder, shipper = shipping
    (folder / "stdout").write_text("a")
    store.fault = OSError("disk full")
    with caplog.at_level(logging.WARNING):
        shipper.ship(one, folder)
        shipper.ship(one, folder)
    assert [record.message.partition(":")[2] for record in caplog.records] == [
        f" stdout cannot be written to s3://b/logs/{one.id}/steps/s-1/stdout.gz: disk full"
    ]
    store.fault = None
    shipper.ship(one, folder)
    assert store.puts == 1


def test_without_a_log_uri_nothing_is_sent(shipping):
    store, _, folder, shipper = shipping
    (folder / "stdout").write_text("a")
    shipper.ship(cluster(None), folder)
    assert store.puts == 0


@pytest.mark.parametrize(
    ("size", "before", "expected"),
    [
        (5, None, True),
        (5, 4, True),
        (SMALL * 10, None, True),
        (SMALL * 10, SMALL * 9, True),
        (SMALL * 10 + 5, SMALL * 10, False),
        (SMALL * 5, SMALL * 10, True),
    ],
)
def test_a_large_log_waits_until_it_has_grown_by_a_tenth(size, before, expected):
    assert worth_sending(size, before) is expected
