"""The object store as a WSGI application."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.errors import AwsError, MachineError
from sandbox.s3 import cors, forms, routing, signatures, sweep
from sandbox.s3 import request as wire
from sandbox.s3.blobs import Blobs
from sandbox.s3.index import Index
from sandbox.s3.request import Request, Response
from sandbox.s3.signatures import Authority
from sandbox.s3.store import Store
from sandbox.s3.uploads import Uploads
from sandbox.store import Database

_log = logging.getLogger(__name__)
_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class ObjectStore:
    """S3 on the files below `folder`, from construction until `close`; one process at a time may open it.

    Durable against kill -9: what was answered with success is there at the next start, anything else is
    either complete or absent. `credentials`, access keys with their secrets, make it check every signature;
    without them any is taken. The time of a presigned URL is always checked.
    """

    def __init__(
        self,
        folder: Path,
        account: str,
        region: str,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(24),
        credentials: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        blobs = Blobs(folder / "blobs")
        self._database = Database(folder / "index.db")
        index = Index(self._database, blobs.discard)
        self._store = Store(
            index=index,
            uploads=Uploads(index),
            blobs=blobs,
            clock=clock,
            new_id=new_id,
            owner=hashlib.sha256(account.encode()).hexdigest(),
            region=region,
            authority=None if credentials is None else Authority(credentials),
        )
        self._store.uploads.abort_abandoned(clock())
        self._sweeper = threading.Thread(
            target=self._sweep, args=(folder / "index.db",), name="s3-sweep", daemon=True
        )
        self._sweeper.start()

    def _sweep(self, database: Path) -> None:
        found = sweep.sweep(database, self._store.blobs, self._store.index.run)
        if found:
            _log.info("collected %d blobs that a crash had left", found)

    def close(self) -> None:
        """Close the index; no request may be in progress."""
        self._sweeper.join()
        self._database.close()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request_id = secrets.token_hex(8).upper()
        response = self._answer(environ, request_id)
        length = response.length
        if isinstance(response.body, bytes) and length is None:
            length = len(response.body)
        headers = [*response.headers, ("x-amz-request-id", request_id)]
        if response.status not in (204, 304):
            headers.append(("Content-Length", str(length)))
        start_response(_STATUS[response.status], headers)
        return [response.body] if isinstance(response.body, bytes) else response.body

    def _admit(self, request: Request) -> None:
        """Raise what an expired URL or a wrong signature deserves."""
        now, authority = self._store.clock(), self._store.authority
        if request.query:
            signatures.refuse_expired(request, now)
        # A form is signed by its policy, a preflight not at all.
        signed_otherwise = request.method == "OPTIONS" or (
            request.method == "POST" and forms.is_form(request)
        )
        if authority and not signed_otherwise:
            authority.verify(request, now)

    def _answer(self, environ: dict[str, Any], request_id: str) -> Response:
        request: Request | None = None
        try:
            request = wire.read(environ, request_id)
            self._admit(request)
            response = routing.find(request).perform(self._store, request)
            if "origin" in request.headers:
                response.headers += cors.headers_for(self._store, request)
            return response
        except AwsError as error:
            return wire.failure(error, request)
        except MachineError as error:
            _log.exception("the object store cannot write")
            return wire.failure(AwsError("InternalError", str(error), 500), request)
        except ConnectionError:
            # The client is gone; nobody is left to be told.
            raise
        except Exception:
            _log.exception("%s failed", environ.get("REQUEST_URI"))
            message = "We encountered an internal error. Please try again."
            return wire.failure(AwsError("InternalError", message, 500), request)
