"""The instance types that a cluster can ask for: EC2's published table, as moto packages it.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-supported-instance-types.html
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sandbox.aws.operations import Document
from sandbox.errors import AwsError

_LEAST_MEMORY = 3 * 1024
"""MiB; EMR's page lists no smaller type."""


@dataclass(frozen=True)
class InstanceType:
    """What EC2 promises of a type; `memory` in MiB, `storage` in GB on `disks` disks of its own."""

    name: str
    vcpus: int
    memory: int
    storage: int
    disks: int
    architecture: str
    ebs_optimized: bool
    ebs_optimized_by_default: bool


@cache
def supported() -> Mapping[str, InstanceType]:
    """EC2's types by name, without those that EMR's page has none of: burstable, bare metal, very small."""
    packed = (files("moto") / "ec2" / "resources" / "instance_types.json.gz").read_bytes()
    table = json.loads(gzip.decompress(packed))
    return {name: _instance_type(name, entry) for name, entry in sorted(table.items()) if _is_offered(entry)}


def existing(name: str) -> InstanceType:
    """The type of this name; EMR's `ValidationException` when there is none."""
    found = supported().get(name)
    if found is None:
        raise AwsError("ValidationException", f"Instance type '{name}' is not supported.")
    return found


def describe(value: InstanceType) -> Document:
    """ListSupportedInstanceTypes' entry."""
    return {
        "Type": value.name,
        "VCPU": value.vcpus,
        "MemoryGB": value.memory / 1024,
        "StorageGB": value.storage,
        "NumberOfDisks": value.disks,
        "EbsStorageOnly": value.disks == 0,
        "Is64BitsOnly": value.architecture != "I386",
        "InstanceFamilyId": value.name.partition(".")[0],
        "EbsOptimizedAvailable": value.ebs_optimized,
        "EbsOptimizedByDefault": value.ebs_optimized_by_default,
        "Architecture": value.architecture,
    }


def _is_offered(entry: Mapping[str, Any]) -> bool:
    burstable, bare = entry.get("BurstablePerformanceSupported"), entry.get("BareMetal")
    return not burstable and not bare and bool(entry["MemoryInfo"]["SizeInMiB"] >= _LEAST_MEMORY)


def _instance_type(name: str, entry: Mapping[str, Any]) -> InstanceType:
    storage = entry.get("InstanceStorageInfo", {})
    architectures = entry["ProcessorInfo"]["SupportedArchitectures"]
    ebs = entry["EbsInfo"]["EbsOptimizedSupport"]
    return InstanceType(
        name=name,
        vcpus=entry["VCpuInfo"]["DefaultVCpus"],
        memory=entry["MemoryInfo"]["SizeInMiB"],
        storage=storage.get("TotalSizeInGB", 0),
        disks=sum(disk["Count"] for disk in storage.get("Disks", ())),
        architecture="AARCH64" if "arm64" in architectures else "X86_64",
        ebs_optimized=ebs != "unsupported",
        ebs_optimized_by_default=ebs == "default",
    )
