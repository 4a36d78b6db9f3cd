"""botocore's models for tests: each is read from its file once, since that takes longer than most tests."""

import functools

import botocore.session


@functools.cache
def service_model(name):
    return botocore.session.get_session().get_service_model(name)
