"""The catalog's second face: Hive Thrift, for unmodified Spark."""
