"""EMR Sandbox's own implementation of the publicly documented AWS Glue PySpark API.

It serves the scripts of Glue jobs and imports only pyspark, boto3 and the standard library. What it cannot
do raises `NotImplementedError` naming the API; nothing is passed over in silence.
Source: AWS Glue developer guide, chapter "AWS Glue PySpark extensions".
"""
