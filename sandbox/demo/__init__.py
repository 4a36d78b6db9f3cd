"""The course workflow as a list of stages over boto3 alone."""
