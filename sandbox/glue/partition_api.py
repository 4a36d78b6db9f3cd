"""Glue's operations on partitions.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.catalog import DataCatalog
from sandbox.catalog.partitions import WHOLE, Segment
from sandbox.errors import AwsError
from sandbox.glue.requests import check_catalog, decode_token, encode_token, refuse_members

_PAGE = 1000

T = TypeVar("T")


class PartitionOperations:
    """Partitions of the account's Data Catalog, one by one and in batches."""

    def __init__(self, catalog: DataCatalog, account: str) -> None:
        self._catalog = catalog
        self._account = account

    @operation(Fidelity.EXECUTED)
    def create_partition(self, request: Document) -> Document:
        """CreatePartition."""
        check_catalog(request, self._account)
        self._catalog.create_partition(
            request["DatabaseName"], request["TableName"], request["PartitionInput"]
        )
        return {}

    @operation(Fidelity.EXECUTED)
    def batch_create_partition(self, request: Document) -> Document:
        """BatchCreatePartition; a partition that cannot be created is listed in Errors."""
        database, table = self._table(request)

        def create(partition_input: Document) -> None:
            self._catalog.create_partition(database, table, partition_input)

        inputs = request["PartitionInputList"]
        return {"Errors": _partition_errors([(each.get("Values", []), each) for each in inputs], create)}

    @operation(Fidelity.EXECUTED)
    def get_partition(self, request: Document) -> Document:
        """GetPartition."""
        check_catalog(request, self._account)
        partition = self._catalog.get_partition(
            request["DatabaseName"], request["TableName"], request["PartitionValues"]
        )
        return {"Partition": self._owned(partition)}

    @operation(Fidelity.EXECUTED)
    def get_partitions(self, request: Document) -> Document:
        """GetPartitions of one Segment or of all, that the Expression selects, in pages of up to 1000."""
        check_catalog(request, self._account)
        refuse_members("GetPartitions", request, "TransactionId", "QueryAsOfTime")
        database, table = request["DatabaseName"], request["TableName"]
        expression, segment = request.get("Expression"), _segment(request)
        scope = ("GetPartitions", database, table, expression or "", f"{segment.number}/{segment.total}")
        partitions, last = self._catalog.get_partitions_page(
            database,
            table,
            expression,
            after=decode_token(request, *scope),
            limit=min(request.get("MaxResults") or _PAGE, _PAGE),
            segment=segment,
        )
        if request.get("ExcludeColumnSchema"):
            for partition in partitions:
                (partition.get("StorageDescriptor") or {}).pop("Columns", None)
        following = {} if last is None else {"NextToken": encode_token(*scope, last)}
        return {"Partitions": [self._owned(each) for each in partitions], **following}

    @operation(Fidelity.EXECUTED)
    def batch_get_partition(self, request: Document) -> Document:
        """BatchGetPartition; partitions that are not there are left out, as nothing remains to be tried."""
        database, table = self._table(request)
        refuse_members("BatchGetPartition", request, "QuerySessionContext")
        partitions = []
        for key in request["PartitionsToGet"]:
            try:
                partitions.append(self._owned(self._catalog.get_partition(database, table, key["Values"])))
            except AwsError as error:
                if error.code != "EntityNotFoundException":
                    raise
        return {"Partitions": partitions, "UnprocessedKeys": []}

    @operation(Fidelity.EXECUTED)
    def update_partition(self, request: Document) -> Document:
        """UpdatePartition. The values cannot be changed: delete and recreate the partition."""
        check_catalog(request, self._account)
        self._update(
            request["DatabaseName"],
            request["TableName"],
            request["PartitionValueList"],
            request["PartitionInput"],
        )
        return {}

    @operation(Fidelity.EXECUTED)
    def batch_update_partition(self, request: Document) -> Document:
        """BatchUpdatePartition; a partition that cannot be updated is listed in Errors."""
        database, table = self._table(request)
        errors = []
        for entry in request["Entries"]:
            values = entry["PartitionValueList"]
            try:
                self._update(database, table, values, entry["PartitionInput"])
            except AwsError as error:
                errors.append({"PartitionValueList": values, "ErrorDetail": _detail(error)})
        return {"Errors": errors}

    @operation(Fidelity.EXECUTED)
    def delete_partition(self, request: Document) -> Document:
        """DeletePartition; the data stay where they are."""
        check_catalog(request, self._account)
        self._catalog.delete_partition(
            request["DatabaseName"], request["TableName"], request["PartitionValues"]
        )
        return {}

    @operation(Fidelity.EXECUTED)
    def batch_delete_partition(self, request: Document) -> Document:
        """BatchDeletePartition; a partition that cannot be deleted is listed in Errors."""
        database, table = self._table(request)

        def delete(values: list[str]) -> None:
            self._catalog.delete_partition(database, table, values)

        keys = [key["Values"] for key in request["PartitionsToDelete"]]
        return {"Errors": _partition_errors([(values, values) for values in keys], delete)}

    @operation(Fidelity.EXECUTED)
    def get_partition_indexes(self, request: Document) -> Document:
        """GetPartitionIndexes; a table has so few that they are one page."""
        found = self._catalog.get_partition_indexes(*self._table(request))
        return {"PartitionIndexDescriptorList": found}

    @operation(Fidelity.EXECUTED)
    def create_partition_index(self, request: Document) -> Document:
        """CreatePartitionIndex: built before the answer, so it is ACTIVE at once."""
        index = request["PartitionIndex"]
        self._catalog.create_partition_index(*self._table(request), index["IndexName"], index["Keys"])
        return {}

    @operation(Fidelity.EXECUTED)
    def delete_partition_index(self, request: Document) -> Document:
        """DeletePartitionIndex."""
        self._catalog.delete_partition_index(*self._table(request), request["IndexName"])
        return {}

    def _table(self, request: Document) -> tuple[str, str]:
        """Database and table of a batch; a table that is not there fails the whole of it."""
        check_catalog(request, self._account)
        database, table = request["DatabaseName"], request["TableName"]
        self._catalog.get_table(database, table)
        return database, table

    def _update(self, database: str, table: str, values: list[str], partition_input: Document) -> None:
        if partition_input.get("Values", values) != values:
            raise AwsError("InvalidInputException", "The values of a partition cannot be changed.")
        self._catalog.update_partition(database, table, values, partition_input)

    def _owned(self, document: Document) -> Document:
        return document | {"CatalogId": self._account}


def _segment(request: Document) -> Segment:
    asked = request.get("Segment")
    if asked is None:
        return WHOLE
    if asked["SegmentNumber"] >= asked["TotalSegments"]:
        raise AwsError("InvalidInputException", "SegmentNumber must be less than TotalSegments.")
    return Segment(asked["SegmentNumber"], asked["TotalSegments"])


def _detail(error: AwsError) -> Document:
    return {"ErrorCode": error.code, "ErrorMessage": error.message}


def _partition_errors(jobs: list[tuple[list[str], T]], act: Callable[[T], None]) -> list[Document]:
    """Do every job, and describe those that failed by their partition's values."""
    errors = []
    for values, subject in jobs:
        try:
            act(subject)
        except AwsError as error:
            errors.append({"PartitionValues": values, "ErrorDetail": _detail(error)})
    return errors
