"""The pytest plugin: boto3 without any argument reaches the sandbox."""

import os

import boto3


def test_boto3_finds_the_sandbox_by_its_environment(sandbox_aws):
    assert os.environ["AWS_ENDPOINT_URL"] == sandbox_aws.endpoint
    boto3.client("glue").create_database(DatabaseInput={"Name": "from_plugin"})
    names = [database["Name"] for database in sandbox_aws.client("glue").get_databases()["DatabaseList"]]
    assert "from_plugin" in names
    boto3.client("glue").delete_database(Name="from_plugin")


def test_the_environment_is_restored_afterwards(sandbox):
    assert os.environ.get("AWS_ENDPOINT_URL") != sandbox.endpoint
