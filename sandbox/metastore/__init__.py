"""The catalog's second face: Hive Thrift, for unmodified Spark."""

from sandbox.metastore.server import MetastoreServer
from sandbox.metastore.storage import FileStorage, S3Storage, Storage, StorageByScheme, storage_for

__all__ = ["FileStorage", "MetastoreServer", "S3Storage", "Storage", "StorageByScheme", "storage_for"]
