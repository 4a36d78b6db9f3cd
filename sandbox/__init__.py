"""EMR Sandbox: an offline, account-free stand-in for Amazon EMR, AWS Glue and S3 that really does the work."""
