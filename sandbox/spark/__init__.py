"""Spark on this machine: Java, jars, configuration, submit, standalone daemons."""
