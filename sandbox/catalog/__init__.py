"""The Data Catalog: databases, tables, versions, partitions, functions, filter expressions."""

from sandbox.catalog.catalog import DataCatalog
from sandbox.catalog.expression import Dialect

__all__ = ["DataCatalog", "Dialect"]
