"""botocore's models for tests: each is read from its file once, since that takes longer than most tests."""

import functools

import botocore.session


@functools.cache
def service_model(name):
    return botocore.session.get_session().get_service_model(name)


def without_none(value):
    match value:
        case dict():
            return {key: without_none(item) for key, item in value.items() if item is not None}
        case list():
            return [without_none(item) for item in value]
        case _:
            return value
