"""EMR's settings of an account: whether clusters with public security groups may be launched.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-block-public-access.html
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.errors import AwsError
from sandbox.store import Database, Documents

_ONLY = "account"
_DEFAULT = {
    "BlockPublicSecurityGroupRules": True,
    "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
}


class AccountOperations:
    """Recorded: clusters here listen on loopback, whatever their security groups say."""

    def __init__(self, database: Database, account: str, clock: Callable[[], float]) -> None:
        self._documents = Documents(database, "block-public-access")
        self._arn = f"arn:aws:iam::{account}:root"
        self._began = clock()
        self._clock = clock

    @operation(Fidelity.RECORDED)
    def get_block_public_access_configuration(self, _: Document) -> Document:
        kept = self._documents.get(_ONLY) or {"configuration": _DEFAULT, "created": self._began}
        return {
            "BlockPublicAccessConfiguration": kept["configuration"],
            "BlockPublicAccessConfigurationMetadata": {
                "CreationDateTime": kept["created"],
                "CreatedByArn": self._arn,
            },
        }

    @operation(Fidelity.RECORDED)
    def put_block_public_access_configuration(self, document: Document) -> Document:
        configuration = document["BlockPublicAccessConfiguration"]
        for ports in configuration.get("PermittedPublicSecurityGroupRuleRanges", []):
            first, last = ports["MinRange"], ports.get("MaxRange", ports["MinRange"])
            if not 0 <= first <= last <= 65535:
                message = f"Ports {first} to {last} are no range: 0 <= MinRange <= MaxRange <= 65535."
                raise AwsError("InvalidRequestException", message)
        self._documents.put(_ONLY, {"configuration": configuration, "created": self._clock()})
        return {}
