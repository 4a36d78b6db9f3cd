"""Delegation to moto: the services that the sandbox does not emulate itself.

Only the services named here pass; moto answers many others with canned results, and a canned result is
what the sandbox never reports as done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

DELEGATED = frozenset(
    {
        "sts",
        "iam",
        "logs",
        "ec2",
        "monitoring",
        "dynamodb",
        "kms",
        "secretsmanager",
        "ssm",
        "sns",
        "sqs",
    }
)
"""Signing names of the delegated services."""


HEADERS = "sandbox.headers"
"""Key in the WSGI environ under which our server leaves the headers, by name in lower case.

WSGI itself folds `a_b` and `a-b` into one name; S3's metadata may hold both."""


def moto_application(account: str) -> WsgiApplication:
    """moto's dispatcher in this process, for `account`. Imported here because it costs half a second."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    dispatcher = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # moto looks for the path as it was sent (`?` and `%` in a key) under gunicorn's name for it.
        environ["RAW_URI"] = environ["REQUEST_URI"]
        # Else everyone is of moto's own account, and the ARNs of two services would not fit together.
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        answer: Iterable[bytes] = dispatcher(environ, start_response)
        return answer

    return application
