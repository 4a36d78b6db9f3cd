"""The course as a list of stages over boto3 only: what drives the sandbox here would drive AWS."""
