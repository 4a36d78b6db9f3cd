"""What spot instances cost, and which of them are taken away, as tables."""

import itertools
from dataclasses import replace

import pytest

from sandbox.emr import hardware, request, spot
from sandbox.emr.model import InstanceState, Market, Role

MASTER = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}


def ids():
    numbers = itertools.count(1)
    return lambda prefix, _length: f"{prefix}{next(numbers)}"


def cluster(**hardware):
    value = request.cluster({"Name": "c", "Instances": hardware}, 0.0, ids())
    return replace(
        value, instances=tuple(replace(one, state=InstanceState.RUNNING) for one in value.instances)
    )


def group(**changes):
    core = {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 1, **changes}
    return cluster(InstanceGroups=[MASTER, core])


def fleet(*types, spot=2):
    kinds = {"InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}]}
    core = {"InstanceFleetType": "CORE", "TargetSpotCapacity": spot, "InstanceTypeConfigs": list(types)}
    return cluster(
        InstanceFleets=[{"InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1, **kinds}, core]
    )


def test_a_price_lasts_and_is_the_same_for_everyone_with_the_seed():
    slot = spot.PRICE_LASTS
    prices = [spot.price(7, "m5.xlarge", n * slot) for n in range(200)]
    assert prices == [spot.price(7, "m5.xlarge", n * slot + slot / 2) for n in range(200)]
    assert prices != [spot.price(8, "m5.xlarge", n * slot) for n in range(200)]
    on_demand = spot.on_demand_price("m5.xlarge")
    assert min(prices) < 0.4 * on_demand
    assert max(prices) > on_demand
    assert sum(price > on_demand for price in prices) < 50


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (group(Market="SPOT", BidPrice="0.07"), 0.07),
        (group(Market="SPOT"), spot.on_demand_price("m5.xlarge")),
        (fleet({"InstanceType": "r5.xlarge", "BidPrice": "0.5"}), 0.5),
        (
            fleet({"InstanceType": "m5.2xlarge", "BidPriceAsPercentageOfOnDemandPrice": 50.0}),
            spot.on_demand_price("m5.2xlarge") / 2,
        ),
    ],
)
def test_a_bid_is_what_was_said_or_the_price_on_demand(value, expected):
    assert spot.bid(value, value.workers[0]) == pytest.approx(expected)


def test_who_is_outbid_is_running_spot_and_nothing_else():
    cheap, dear = group(Market="SPOT", BidPrice="0.00001"), group(Market="SPOT", BidPrice="100")
    assert [one.role for one in spot.outbid(cheap, 1, 0.0)] == [Role.CORE]
    assert spot.outbid(dear, 1, 0.0) == ()
    assert spot.outbid(group(), 1, 0.0) == ()
    leaving = replace(cheap, instances=tuple(replace(one, leaving=True) for one in cheap.instances))
    assert spot.outbid(leaving, 1, 0.0) == ()


@pytest.mark.parametrize(
    ("market", "changes", "text"),
    [
        ("SPOT", {}, None),
        ("ON_DEMAND", {}, "on demand"),
        ("SPOT", {"leaving": True}, "about to go"),
        ("SPOT", {"state": InstanceState.BOOTSTRAPPING}, "BOOTSTRAPPING"),
    ],
)
def test_what_cannot_be_interrupted_is_told(market, changes, text):
    told = spot.refusal(replace(group(Market=market).workers[0], **changes))
    assert told is None if text is None else text in told


def test_a_fleet_makes_up_for_a_lost_node_with_its_next_type():
    types = [
        {"InstanceType": "m5.2xlarge", "WeightedCapacity": 3},
        {"InstanceType": "r5.xlarge", "WeightedCapacity": 2},
    ]
    value = fleet(*types)
    coming = hardware.replacements(value, value.workers[0], 1.0, ids())
    assert [(one.instance_type, one.units, one.market) for one in coming] == [
        ("r5.xlarge", 2, Market.SPOT)
    ] * 2
    (back,) = hardware.replacements(value, coming[0], 2.0, ids())
    assert back.instance_type == "m5.2xlarge"
