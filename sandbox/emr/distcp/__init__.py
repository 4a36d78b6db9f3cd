"""`s3-dist-cp`: copies, groups and recompresses files between S3 and a node's own file system.

Written from https://docs.aws.amazon.com/emr/latest/ReleaseGuide/UsingEMR_s3distcp.html. It works with S3's
own API rather than Hadoop's FileSystem: a copy from S3 to S3 is then one request that moves no byte through
the node, nothing waits for a JVM, and what HDFS would add is not there anyway.
"""
