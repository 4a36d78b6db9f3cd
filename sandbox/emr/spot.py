"""Spot instances: what they cost here, and when they are taken away. Pure.

EC2 takes an instance away two minutes after it said so. Nobody waits that long on a laptop, so all of
spot's times are shortened by `SPEED`. Prices are made up from a seed: they are the same for everyone in a
workshop who uses the same seed, and none of them is Amazon's.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

from __future__ import annotations

import hashlib

from sandbox.emr import instance_types
from sandbox.emr.model import Cluster, Instance, InstanceState, Market, Role
from sandbox.emr.pace import SPEED

NOTICE = 120.0 / SPEED
"""Seconds between the notice and the end of an instance."""
PRICE_LASTS = 300.0 / SPEED
"""Seconds for which a price holds."""
ON_DEMAND = 0.048
"""USD per vCPU and hour: about what a general-purpose instance costs on demand."""
LOWEST, HIGHEST = 0.3, 1.3
"""A spot price as parts of that on demand; mostly it is near the lowest."""
MESSAGE = "Server.SpotInstanceTermination: Spot instance termination"


def price(seed: int, instance_type: str, at: float) -> float:
    """The spot price of a type at a time in seconds since the epoch: USD per hour."""
    text = f"{seed}:{instance_type}:{int(at // PRICE_LASTS)}"
    chance = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
    return on_demand_price(instance_type) * (LOWEST + (HIGHEST - LOWEST) * chance**3)


def on_demand_price(instance_type: str) -> float:
    """What a type costs on demand here: USD per hour."""
    return ON_DEMAND * instance_types.supported()[instance_type].vcpus


def bid(cluster: Cluster, instance: Instance) -> float:
    """The most that is paid for a spot instance, in USD per hour: when nothing was said, as on demand."""
    for group in cluster.groups:
        if group.id == instance.group and group.bid_price is not None:
            return float(group.bid_price)
    limit = on_demand_price(instance.instance_type)
    for fleet in cluster.fleets:
        for kind in fleet.types:
            if fleet.id == instance.group and kind.name == instance.instance_type:
                percentage = kind.recorded.get("BidPriceAsPercentageOfOnDemandPrice", 100.0)
                return float(kind.recorded.get("BidPrice", limit * percentage / 100))
    return limit


def outbid(cluster: Cluster, seed: int, now: float) -> tuple[Instance, ...]:
    """The running spot instances for which the price has become too high."""
    return tuple(
        one
        for one in cluster.living
        if one.market is Market.SPOT
        and one.state is InstanceState.RUNNING
        and not one.leaving
        and price(seed, one.instance_type, now) > bid(cluster, one)
    )


def refusal(instance: Instance) -> str | None:
    """Why an instance cannot be interrupted; None when it can."""
    if instance.state is not InstanceState.RUNNING or instance.leaving:
        state = "about to go" if instance.leaving else instance.state
        return f"Instance {instance.ec2_id} is {state}: only a running one is interrupted"
    if instance.market is not Market.SPOT:
        return f"Instance {instance.ec2_id} is on demand ({Role(instance.role)}): only spot is interrupted"
    return None
