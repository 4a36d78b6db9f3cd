"""AWS Glue: crawlers that read, jobs that run."""
