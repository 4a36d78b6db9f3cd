"""Every operation of EMR and Glue that is emulated, called with whatever comes: never a fault of ours.

Requests are made from botocore's shapes: names from a small pool, so that they meet what others created,
numbers in and out of bounds, and now and then a value of the wrong type, too long, missing or unknown.
"""

import json
import logging

import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_models import service_model

from sandbox import Sandbox
from sandbox.app import parity_table
from sandbox.aws.operations import Fidelity
from sandbox.aws.protocol import perform

TARGETS = {"emr": "ElasticMapReduce", "glue": "AWSGlue"}
OPERATIONS = [
    (service, name)
    for service in TARGETS
    for name, fidelity in parity_table()[service].items()
    # A job run would start a Spark of its own.
    if fidelity is not Fidelity.REFUSED and name != "StartJobRun"
]
NAMES = st.sampled_from(["a", "b", "j-1", "s3://fuzzed/a/", "m5.xlarge", "*", "", "x" * 300, "ä/../b", "0"])
WRONG = st.sampled_from([None, 0, -1, True, "text", "", [], [None], {}, {"a": 1}, 2**70, 1.5, "x" * 70_000])


def values(shape, depth=0):
    """Values of a shape, most of them of its type."""
    right = of_type(shape, depth)
    return st.integers(0, 19).flatmap(lambda dice: WRONG if dice == 0 else right)


def of_type(shape, depth):
    match shape.type_name:
        case "structure":
            return structures(shape, depth)
        case "list":
            return st.lists(values(shape.member, depth + 1), max_size=2 if depth < 4 else 0)
        case "map":
            return st.dictionaries(NAMES, values(shape.value, depth + 1), max_size=2 if depth < 4 else 0)
        case "integer" | "long":
            return st.sampled_from([0, 1, 2, -1, 50, 2**31 - 1, 2**63])
        case "float" | "double" | "timestamp":
            return st.sampled_from([0.0, 1.0, -1.5, 1e300, 1_700_000_000.0])
        case "boolean":
            return st.booleans()
        case "blob":
            return st.just("AAAA")
        case _:
            enumerated = shape.metadata.get("enum")
            return st.one_of(st.sampled_from(enumerated), NAMES) if enumerated else NAMES


@st.composite
def structures(draw, shape, depth):
    found = {}
    for name, member in shape.members.items():
        needed = name in shape.required_members
        if draw(st.integers(0, 9)) < (9 if needed else 3 if depth < 4 else 0):
            found[name] = draw(values(member, depth + 1))
    if draw(st.integers(0, 29)) == 0:
        found["Unknown"] = 1
    return found


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A sandbox of its own: what is created here is in nobody's way."""
    with Sandbox(state=tmp_path_factory.mktemp("fuzzed") / "state", port=0) as running:
        yield running


@pytest.mark.parametrize(("service", "name"), OPERATIONS, ids=[name for _, name in OPERATIONS])
def test_no_request_is_answered_by_a_fault(own, caplog, service, name):
    operation = service_model(service).operation_model(name)
    emulated = own.parts.emulated[TARGETS[service]]

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(values(operation.input_shape))
    def call(request):
        with caplog.at_level(logging.CRITICAL):
            answer = perform(emulated, name, json.dumps(request).encode())
        assert answer.status in (200, 400, 501), (request, answer.body)
        document = json.loads(answer.body)
        if answer.status == 200 and operation.output_shape is not None:
            report = ParamValidator().validate(document, operation.output_shape).generate_report()
            # AWS itself sends empty lists for which its model wants a member.
            wrong = [line for line in report.splitlines() if "value: 0, valid min length" not in line]
            assert not wrong, request
        if answer.status != 200:
            assert document["__type"], request
            assert document["message"], request

    call()
