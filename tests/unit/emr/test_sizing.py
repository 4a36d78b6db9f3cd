"""How large a node is here, as a table: what EC2 promises, and what this machine has."""

import itertools

import pytest

from sandbox.emr import hardware, request, sizing
from sandbox.spark.standalone import WorkerSize


def cluster(*workers):
    """A cluster with a master, and a node of each of these types as a task group of its own."""
    numbers = itertools.count()
    groups = [("MASTER", "m5.xlarge")] + [
        ("CORE" if n == 0 else "TASK", kind) for n, kind in enumerate(workers)
    ]
    asked = [{"InstanceRole": role, "InstanceType": kind, "InstanceCount": 1} for role, kind in groups]
    return request.cluster(
        {"Name": "c", "Instances": {"InstanceGroups": asked}},
        0.0,
        lambda prefix, _: f"{prefix}{next(numbers)}",
    )


@pytest.mark.parametrize(
    ("workers", "cores", "memory", "expected"),
    [
        ([], 8, 24000, [(4, 4096)]),
        (["m5.xlarge"], 8, 24000, [(4, 4096)]),
        (["m5.xlarge"], 2, 24000, [(2, 4096)]),
        (["m1.medium"], 8, 64000, [(1, 3788)]),
        (["m5.xlarge"] * 4, 8, 16000, [(4, 2000)] * 4),
        (["m5.xlarge"] * 4, 8, 4000, [(4, 1024)] * 4),
        (["r5.xlarge", "m5.xlarge"], 8, 12000, [(4, 4000), (4, 2000)]),
    ],
)
def test_a_worker_is_what_ec2_promises_cut_down_to_this_machine(workers, cores, memory, expected):
    asked = cluster(*workers)
    sizes = [sizing.worker_size(asked, one, cores, memory) for one in asked.workers]
    assert sizes == [WorkerSize(*size) for size in expected]
    assert sizing.worker_count(asked) == len(expected)


def test_an_executor_of_the_smallest_size_fits_on_every_worker():
    assert sizing.smallest([WorkerSize(4, 1024), WorkerSize(2, 4096)]) == WorkerSize(2, 1024)


@pytest.mark.parametrize(
    ("nodes", "others", "fits"), [(2, 0, True), (3, 0, False), (1, 1, True), (2, 1, False)]
)
def test_clusters_fit_together_or_not_at_all(nodes, others, fits):
    kinds = ["m5.xlarge"]
    assert sizing.fits([cluster(*kinds * nodes), *[cluster(*kinds)] * others], 4096) is fits


def test_a_node_in_the_place_of_another_is_of_its_kind():
    (node,) = cluster("r5.xlarge").staying
    new = hardware.like(node, 9.0, lambda prefix, _: f"{prefix}new")
    assert (new.ec2_id, new.instance_type, new.group, new.role) == (
        "i-new",
        "r5.xlarge",
        node.group,
        node.role,
    )
    assert new.timeline.created == 9.0
