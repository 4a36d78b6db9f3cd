"""Glue's operations on databases, tables, versions and functions.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog.html
"""

from __future__ import annotations

import json

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.catalog import DataCatalog
from sandbox.catalog.search import search
from sandbox.errors import AwsError
from sandbox.glue.requests import check_catalog, page, refuse_members
from sandbox.glue.tags import Kind, Tags

_PAGE = 100
_SEARCH_PAGE = 1000


class CatalogOperations:
    """Databases, tables, versions and user-defined functions of the account's Data Catalog."""

    def __init__(self, catalog: DataCatalog, tags: Tags, account: str) -> None:
        self._catalog = catalog
        self._tags = tags
        self._account = account

    @operation(Fidelity.EXECUTED)
    def create_database(self, request: Document) -> Document:
        """CreateDatabase. Links to other catalogs (TargetDatabase, FederatedDatabase) are refused."""
        check_catalog(request, self._account)
        refuse_members("CreateDatabase", request["DatabaseInput"], "TargetDatabase", "FederatedDatabase")
        name = request["DatabaseInput"]["Name"].lower()
        with self._tags.together():
            self._catalog.create_database(request["DatabaseInput"])
            created = self._catalog.get_database(name)["CreateTime"]
            self._tags.add(Kind.DATABASE, name, created, request.get("Tags", {}))
        return {}

    @operation(Fidelity.EXECUTED)
    def get_database(self, request: Document) -> Document:
        """GetDatabase."""
        check_catalog(request, self._account)
        return {"Database": self._owned(self._catalog.get_database(request["Name"]))}

    @operation(Fidelity.EXECUTED)
    def get_databases(self, request: Document) -> Document:
        """GetDatabases, by name. Nothing is shared, so ResourceShareType FOREIGN and FEDERATED are empty."""
        check_catalog(request, self._account)
        foreign = request.get("ResourceShareType") in ("FOREIGN", "FEDERATED")
        databases = [] if foreign else self._catalog.get_databases()
        items = {database["Name"]: self._owned(database) for database in databases}
        chosen, following = page(items, request, _PAGE, "GetDatabases")
        return {"DatabaseList": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def update_database(self, request: Document) -> Document:
        """UpdateDatabase. Links to other catalogs are refused."""
        check_catalog(request, self._account)
        refuse_members("UpdateDatabase", request["DatabaseInput"], "TargetDatabase", "FederatedDatabase")
        self._catalog.update_database(request["Name"], request["DatabaseInput"])
        return {}

    @operation(Fidelity.EXECUTED)
    def delete_database(self, request: Document) -> Document:
        """DeleteDatabase, with the tables in it."""
        check_catalog(request, self._account)
        self._catalog.delete_database(request["Name"])
        return {}

    @operation(Fidelity.EXECUTED)
    def create_table(self, request: Document) -> Document:
        """CreateTable, with its indexes. Open table formats, links and transactions are refused."""
        check_catalog(request, self._account)
        table_input = self._table_input("CreateTable", request, "OpenTableFormatInput")
        database, name = request["DatabaseName"], table_input["Name"]
        with self._tags.together():
            self._catalog.create_table(database, table_input)
            for index in request.get("PartitionIndexes") or []:
                self._catalog.create_partition_index(database, name, index["IndexName"], index["Keys"])
        return {}

    @operation(Fidelity.EXECUTED)
    def get_table(self, request: Document) -> Document:
        """GetTable as the table is now; QueryAsOfTime and TransactionId are refused."""
        check_catalog(request, self._account)
        refuse_members("GetTable", request, "TransactionId", "QueryAsOfTime")
        return {"Table": self._owned(self._catalog.get_table(request["DatabaseName"], request["Name"]))}

    @operation(Fidelity.EXECUTED)
    def get_tables(self, request: Document) -> Document:
        """GetTables, by name. AttributesToGet is refused."""
        check_catalog(request, self._account)
        refuse_members("GetTables", request, "TransactionId", "QueryAsOfTime", "AttributesToGet")
        database, expression = request["DatabaseName"], request.get("Expression")
        tables = self._catalog.get_tables(database, expression)
        items = {table["Name"]: self._owned(table) for table in tables}
        chosen, following = page(items, request, _PAGE, "GetTables", database, expression or "")
        return {"TableList": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def update_table(self, request: Document) -> Document:
        """UpdateTable from a TableInput; the old definition is archived unless SkipArchive."""
        check_catalog(request, self._account)
        table_input = self._table_input(
            "UpdateTable", request, "ViewUpdateAction", "UpdateOpenTableFormatInput"
        )
        self._catalog.update_table(
            request["DatabaseName"],
            request.get("Name") or table_input["Name"],
            table_input,
            skip_archive=request.get("SkipArchive", False),
            version_id=request.get("VersionId"),
        )
        return {}

    @operation(Fidelity.EXECUTED)
    def delete_table(self, request: Document) -> Document:
        """DeleteTable, with its versions and partitions; the data stay where they are."""
        check_catalog(request, self._account)
        refuse_members("DeleteTable", request, "TransactionId")
        self._catalog.delete_table(request["DatabaseName"], request["Name"])
        return {}

    @operation(Fidelity.EXECUTED)
    def batch_delete_table(self, request: Document) -> Document:
        """BatchDeleteTable; a table that cannot be deleted is listed in Errors, the others are deleted."""
        check_catalog(request, self._account)
        refuse_members("BatchDeleteTable", request, "TransactionId")
        self._catalog.get_database(request["DatabaseName"])
        errors = []
        for name in request["TablesToDelete"]:
            try:
                self._catalog.delete_table(request["DatabaseName"], name)
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({"TableName": name, "ErrorDetail": detail})
        return {"Errors": errors}

    @operation(Fidelity.EXECUTED)
    def get_table_version(self, request: Document) -> Document:
        """GetTableVersion; without VersionId the current one."""
        check_catalog(request, self._account)
        versions = self._versions(request)
        wanted = request.get("VersionId") or versions[0]["VersionId"]
        for version in versions:
            if version["VersionId"] == wanted:
                return {"TableVersion": version}
        raise AwsError("EntityNotFoundException", "Version not found.")

    @operation(Fidelity.EXECUTED)
    def get_table_versions(self, request: Document) -> Document:
        """GetTableVersions, newest first."""
        check_catalog(request, self._account)
        versions = self._versions(request)
        # Counted back from 10^9 the numbers rise as the versions get older, also as text.
        items = {f"{10**9 - int(version['VersionId']):010}": version for version in versions}
        scope = ("GetTableVersions", request["DatabaseName"], request["TableName"])
        chosen, following = page(items, request, _PAGE, *scope)
        return {"TableVersions": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def delete_table_version(self, request: Document) -> Document:
        """DeleteTableVersion; the current one cannot be deleted."""
        check_catalog(request, self._account)
        scope = request["DatabaseName"], request["TableName"]
        self._catalog.delete_table_version(*scope, request["VersionId"])
        return {}

    @operation(Fidelity.EXECUTED)
    def batch_delete_table_version(self, request: Document) -> Document:
        """BatchDeleteTableVersion; a version that cannot be deleted is listed in Errors."""
        check_catalog(request, self._account)
        scope = request["DatabaseName"], request["TableName"]
        self._catalog.get_table(*scope)
        errors = []
        for version in request["VersionIds"]:
            try:
                self._catalog.delete_table_version(*scope, version)
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({"TableName": scope[1], "VersionId": version, "ErrorDetail": detail})
        return {"Errors": errors}

    @operation(Fidelity.EXECUTED)
    def search_tables(self, request: Document) -> Document:
        """SearchTables. Nothing is shared, so ResourceShareType FOREIGN and FEDERATED find nothing."""
        check_catalog(request, self._account)
        refuse_members("SearchTables", request, "IncludeStatusDetails")
        foreign = request.get("ResourceShareType") in ("FOREIGN", "FEDERATED")
        text, filters, order = (request.get(name) for name in ("SearchText", "Filters", "SortCriteria"))
        tables = [] if foreign else self._catalog.all_tables()
        found = search(tables, text, filters or [], order or [])
        # The place in the answer is the token: an order of the caller's has no other key.
        items = {f"{place:09}": self._owned(table) for place, table in enumerate(found)}
        scope = ("SearchTables", json.dumps([text, filters, order]))
        chosen, following = page(items, request, _SEARCH_PAGE, *scope)
        return {"TableList": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def create_user_defined_function(self, request: Document) -> Document:
        """CreateUserDefinedFunction."""
        check_catalog(request, self._account)
        self._catalog.create_function(request["DatabaseName"], request["FunctionInput"])
        return {}

    @operation(Fidelity.EXECUTED)
    def get_user_defined_function(self, request: Document) -> Document:
        """GetUserDefinedFunction."""
        check_catalog(request, self._account)
        function = self._catalog.get_function(request["DatabaseName"], request["FunctionName"])
        return {"UserDefinedFunction": function | {"CatalogId": self._account}}

    @operation(Fidelity.EXECUTED)
    def get_user_defined_functions(self, request: Document) -> Document:
        """GetUserDefinedFunctions of one database or of all. FunctionType is refused."""
        check_catalog(request, self._account)
        refuse_members("GetUserDefinedFunctions", request, "FunctionType")
        database, pattern = request.get("DatabaseName"), request["Pattern"]
        functions = self._catalog.get_functions(database, pattern)
        items = {
            f"{function['DatabaseName']}.{function['FunctionName']}": function | {"CatalogId": self._account}
            for function in functions
        }
        ordered = dict(sorted(items.items()))
        scope = ("GetUserDefinedFunctions", database or "", pattern)
        chosen, following = page(ordered, request, _PAGE, *scope)
        return {"UserDefinedFunctions": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def update_user_defined_function(self, request: Document) -> Document:
        """UpdateUserDefinedFunction."""
        check_catalog(request, self._account)
        name = request["FunctionName"]
        self._catalog.update_function(request["DatabaseName"], name, request["FunctionInput"])
        return {}

    @operation(Fidelity.EXECUTED)
    def delete_user_defined_function(self, request: Document) -> Document:
        """DeleteUserDefinedFunction."""
        check_catalog(request, self._account)
        self._catalog.delete_function(request["DatabaseName"], request["FunctionName"])
        return {}

    def _owned(self, document: Document) -> Document:
        return document | {"CatalogId": self._account}

    def _versions(self, request: Document) -> list[Document]:
        versions = self._catalog.get_table_versions(request["DatabaseName"], request["TableName"])
        return [version | {"Table": self._owned(version["Table"])} for version in versions]

    def _table_input(self, name: str, request: Document, *refused: str) -> Document:
        """The request's TableInput, once everything that is not done has been refused."""
        refuse_members(name, request, "TransactionId", *refused)
        table_input: Document | None = request.get("TableInput")
        if table_input is None:
            raise AwsError("InvalidInputException", "TableInput must be given.")
        refuse_members(name, table_input, "TargetTable", "FederatedTable", "ViewDefinition")
        return table_input
