"""Which of Hive's exceptions a fault becomes."""

from __future__ import annotations

import logging

from sandbox.errors import AwsError, SandboxError
from sandbox.metastore import hive
from sandbox.metastore.wire import Method

_log = logging.getLogger(__name__)

# In the order of preference: a method declares only some of them.
_BY_CODE: dict[str, tuple[type[Exception], ...]] = {
    "EntityNotFoundException": (
        hive.NoSuchObjectException,
        hive.InvalidOperationException,
        hive.InvalidObjectException,
    ),
    "AlreadyExistsException": (hive.AlreadyExistsException, hive.InvalidOperationException),
    "InvalidInputException": (hive.InvalidObjectException, hive.InvalidOperationException),
}


def as_hive(error: Exception, method: Method) -> Exception:
    """The exception of Hive's definition that says what `error` says, among those `method` declares."""
    if type(error) in method.exceptions:
        return error
    message = str(error)
    if isinstance(error, AwsError):
        message = error.message
        for exception in _BY_CODE.get(error.code, ()):
            if exception in method.exceptions:
                return exception(message)
    elif not isinstance(error, SandboxError):
        _log.error("%s failed", method.name, exc_info=error)
        message = f"{type(error).__name__}: {error}"
    return hive.MetaException(message)
