"""The interpreter: a process of its own that holds the notebook's Spark driver and runs paragraphs.

Imports only the standard library and, when a paragraph needs them, pyspark and matplotlib.
"""
