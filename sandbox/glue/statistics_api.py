"""Glue's operations on column statistics.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-column-statistics.html
"""

from __future__ import annotations

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError
from sandbox.glue.requests import check_catalog


class StatisticsOperations:
    """Statistics of the columns of tables and partitions, as they are given; nothing here computes any."""

    def __init__(self, catalog: DataCatalog, account: str) -> None:
        self._catalog = catalog
        self._account = account

    @operation(Fidelity.RECORDED)
    def update_column_statistics_for_table(self, request: Document) -> Document:
        """UpdateColumnStatisticsForTable; a column that the table has not is listed in Errors."""
        return self._update(request)

    @operation(Fidelity.RECORDED)
    def update_column_statistics_for_partition(self, request: Document) -> Document:
        """UpdateColumnStatisticsForPartition; a column that the table has not is listed in Errors."""
        return self._update(request)

    @operation(Fidelity.RECORDED)
    def get_column_statistics_for_table(self, request: Document) -> Document:
        """GetColumnStatisticsForTable; a column without statistics is listed in Errors."""
        return self._get(request)

    @operation(Fidelity.RECORDED)
    def get_column_statistics_for_partition(self, request: Document) -> Document:
        """GetColumnStatisticsForPartition; a column without statistics is listed in Errors."""
        return self._get(request)

    @operation(Fidelity.RECORDED)
    def delete_column_statistics_for_table(self, request: Document) -> Document:
        """DeleteColumnStatisticsForTable."""
        return self._delete(request)

    @operation(Fidelity.RECORDED)
    def delete_column_statistics_for_partition(self, request: Document) -> Document:
        """DeleteColumnStatisticsForPartition."""
        return self._delete(request)

    def _update(self, request: Document) -> Document:
        scope = self._scope(request)
        errors = []
        for each in request["ColumnStatisticsList"]:
            try:
                self._catalog.update_column_statistics(*scope, each)
            except AwsError as error:
                errors.append({"ColumnStatistics": each, "Error": _detail(error)})
        return {"Errors": errors}

    def _get(self, request: Document) -> Document:
        scope = self._scope(request)
        found, errors = [], []
        for name in request["ColumnNames"]:
            try:
                found.append(self._catalog.get_column_statistics(*scope, name))
            except AwsError as error:
                errors.append({"ColumnName": name, "Error": _detail(error)})
        return {"ColumnStatisticsList": found, "Errors": errors}

    def _delete(self, request: Document) -> Document:
        self._catalog.delete_column_statistics(*self._scope(request), request["ColumnName"])
        return {}

    def _scope(self, request: Document) -> tuple[str, str, list[str] | None]:
        """Database, table and the values of the partition; what is not there fails the whole request."""
        check_catalog(request, self._account)
        database, table, values = (
            request["DatabaseName"],
            request["TableName"],
            request.get("PartitionValues"),
        )
        if values is None:
            self._catalog.get_table(database, table)
        else:
            self._catalog.get_partition(database, table, values)
        return database, table, values


def _detail(error: AwsError) -> Document:
    return {"ErrorCode": error.code, "ErrorMessage": error.message}
