"""S3's own errors: codes, wording and statuses.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from sandbox.errors import AwsError


def no_such_bucket() -> AwsError:
    """404."""
    return AwsError("NoSuchBucket", "The specified bucket does not exist", 404)


def no_such_key() -> AwsError:
    """404."""
    return AwsError("NoSuchKey", "The specified key does not exist.", 404)


def no_such_version() -> AwsError:
    """404."""
    return AwsError("NoSuchVersion", "The specified version does not exist.", 404)


def no_such_upload() -> AwsError:
    """404."""
    message = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
        "aborted or completed."
    )
    return AwsError("NoSuchUpload", message, 404)


def invalid_argument(message: str) -> AwsError:
    """400: a parameter or header with a value that cannot be."""
    return AwsError("InvalidArgument", message)


def invalid_request(message: str) -> AwsError:
    """400: a request that does not fit together."""
    return AwsError("InvalidRequest", message)


def malformed_xml() -> AwsError:
    """400."""
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return AwsError("MalformedXML", message)


def invalid_uri() -> AwsError:
    """400: a path that is not percent-encoded UTF-8."""
    return AwsError("InvalidURI", "Couldn't parse the specified URI.")


def incomplete_body() -> AwsError:
    """400: fewer bytes came than were announced, or their framing is broken."""
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
    return AwsError("IncompleteBody", message)


def missing_content_length() -> AwsError:
    """411."""
    return AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)


def entity_too_large() -> AwsError:
    """400."""
    return AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")


def bad_digest(what: str) -> AwsError:
    """400: the bytes that came have another digest; `what` is its name (`Content-MD5`, `CRC32`)."""
    came = "what we received" if what == "Content-MD5" else "the calculated checksum"
    return AwsError("BadDigest", f"The {what} you specified did not match {came}.")


def precondition_failed() -> AwsError:
    """412."""
    return AwsError(
        "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412
    )


def invalid_range() -> AwsError:
    """416."""
    return AwsError("InvalidRange", "The requested range is not satisfiable", 416)


def method_not_allowed() -> AwsError:
    """405."""
    message = "The specified method is not allowed against this resource."
    return AwsError("MethodNotAllowed", message, 405)


def not_implemented(what: str) -> AwsError:
    """501, naming what was asked for: an operation, a sub-resource or a header."""
    message = f"{what} is not emulated by EMR Sandbox; `sandbox parity` lists what is"
    return AwsError("NotImplemented", message, 501)
