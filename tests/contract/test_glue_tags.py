"""Tags over boto3, as Terraform asks for them: with the account that STS tells."""

import pytest
from botocore.exceptions import ClientError

TARGETS = {"S3Targets": [{"Path": "s3://tags/raw/"}]}
COMMAND = {"Name": "pythonshell", "ScriptLocation": "s3://tags/job.py"}


def create(glue, kind, name, **tags):
    match kind:
        case "job":
            glue.create_job(Name=name, Role="glue", Command=COMMAND, **tags)
        case "crawler":
            glue.create_crawler(Name=name, Role="glue", DatabaseName="db", Targets=TARGETS, **tags)
        case "database":
            glue.create_database(DatabaseInput={"Name": name}, **tags)


def delete(glue, kind, name):
    match kind:
        case "job":
            glue.delete_job(JobName=name)
        case "crawler":
            glue.delete_crawler(Name=name)
        case "database":
            glue.delete_database(Name=name)


@pytest.mark.parametrize("kind", ["job", "crawler", "database"])
def test_a_resource_has_the_tags_that_it_was_created_with(sandbox, kind):
    glue = sandbox.client("glue")
    account = sandbox.client("sts").get_caller_identity()["Account"]
    arn = f"arn:aws:glue:us-east-1:{account}:{kind}/tagged"
    create(glue, kind, "tagged", Tags={"team": "data"})
    try:
        glue.tag_resource(ResourceArn=arn, TagsToAdd={"more": "1"})
        assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "data", "more": "1"}
        with pytest.raises(glue.exceptions.AlreadyExistsException):
            create(glue, kind, "tagged", Tags={"team": "other"})
        assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "data", "more": "1"}
    finally:
        delete(glue, kind, "tagged")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_tags(ResourceArn=arn)
    create(glue, kind, "tagged")
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {}
    delete(glue, kind, "tagged")


@pytest.mark.parametrize("kind", ["job", "crawler", "database"])
def test_what_cannot_be_tagged_is_not_created(sandbox, kind):
    glue = sandbox.client("glue")
    with pytest.raises(ClientError) as caught:
        create(glue, kind, "reserved", Tags={"aws:mine": "1"})
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"
    create(glue, kind, "reserved")
    delete(glue, kind, "reserved")
