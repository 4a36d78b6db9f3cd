import pytest

from sandbox.errors import AwsError
from sandbox.glue.tag_api import TagOperations
from sandbox.glue.tags import Kind, Tags

ACCOUNT = "000000000000"
JOB = f"arn:aws:glue:us-east-1:{ACCOUNT}:job/etl"


def existing(created):
    """A lookup over names; as in the runners, what is not there is an EntityNotFoundException."""

    def look(name):
        if name not in created:
            raise AwsError("EntityNotFoundException", name)
        return created[name]

    return look


@pytest.fixture
def tags(database):
    return Tags(database)


@pytest.fixture
def operations(tags):
    created = {
        Kind.JOB: existing({"etl": 1.0, "a/b:c ü": 2.0}),
        Kind.CRAWLER: existing({"etl": 3.0}),
        Kind.DATABASE: existing({"shop": 4.0}),
    }
    return TagOperations(tags, created, ACCOUNT)


def test_tags_are_added_replaced_and_removed(operations):
    assert operations.get_tags({"ResourceArn": JOB}) == {"Tags": {}}
    operations.tag_resource({"ResourceArn": JOB, "TagsToAdd": {"team": "a", "cost": "1"}})
    operations.tag_resource({"ResourceArn": JOB, "TagsToAdd": {"team": "b", "empty": ""}})
    assert operations.get_tags({"ResourceArn": JOB}) == {"Tags": {"team": "b", "cost": "1", "empty": ""}}
    operations.untag_resource({"ResourceArn": JOB, "TagsToRemove": ["cost", "not-there"]})
    assert operations.get_tags({"ResourceArn": JOB}) == {"Tags": {"team": "b", "empty": ""}}


@pytest.mark.parametrize(
    ("arn", "same"),
    [
        (JOB, JOB.replace("us-east-1", "eu-west-3")),
        (
            f"arn:aws:glue:us-east-1:{ACCOUNT}:database/shop",
            f"arn:aws:glue:us-east-1:{ACCOUNT}:database/SHOP",
        ),
        (
            f"arn:aws:glue:us-east-1:{ACCOUNT}:job/a/b:c ü",
            f"arn:aws-cn:glue:cn-north-1:{ACCOUNT}:job/a/b:c ü",
        ),
    ],
)
def test_a_resource_is_found_by_kind_and_name(operations, arn, same):
    operations.tag_resource({"ResourceArn": arn, "TagsToAdd": {"k": "v"}})
    assert operations.get_tags({"ResourceArn": same}) == {"Tags": {"k": "v"}}
    crawler = {"ResourceArn": f"arn:aws:glue:us-east-1:{ACCOUNT}:crawler/etl"}
    assert operations.get_tags(crawler) == {"Tags": {}}


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("etl", "InvalidInputException"),
        (f"arn:aws:glue:us-east-1:{ACCOUNT}:job/", "InvalidInputException"),
        ("arn:aws:glue:us-east-1:111111111111:job/etl", "EntityNotFoundException"),
        (f"arn:aws:glue:us-east-1:{ACCOUNT}:job/none", "EntityNotFoundException"),
        (f"arn:aws:glue:us-east-1:{ACCOUNT}:registry/r", "NotEmulated"),
    ],
)
def test_what_cannot_be_tagged_is_told(operations, arn, code):
    for perform in (operations.get_tags, operations.tag_resource, operations.untag_resource):
        with pytest.raises(AwsError) as caught:
            perform({"ResourceArn": arn, "TagsToAdd": {"k": "v"}, "TagsToRemove": ["k"]})
        assert caught.value.code == code


def test_a_resource_of_the_same_name_does_not_inherit_tags(tags):
    tags.add(Kind.JOB, "etl", 1.0, {"old": "1"})
    assert tags.get(Kind.JOB, "etl", 2.0) == {}
    tags.add(Kind.JOB, "etl", 2.0, {"new": "1"})
    assert tags.get(Kind.JOB, "etl", 2.0) == {"new": "1"}


def test_fifty_tags_are_the_most_and_awss_own_are_reserved(tags):
    tags.add(Kind.JOB, "etl", 1.0, {str(number): "" for number in range(50)})
    for refused in ({"one": "more"}, {"AWS:mine": "1"}):
        with pytest.raises(AwsError) as caught:
            tags.add(Kind.JOB, "etl", 1.0, refused)
        assert caught.value.code == "InvalidInputException"
    assert len(tags.get(Kind.JOB, "etl", 1.0)) == 50
    tags.add(Kind.JOB, "etl", 1.0, {"49": "changed"})
    assert tags.get(Kind.JOB, "etl", 1.0)["49"] == "changed"
