"""Count the lines of an object in the bucket `examples` of LocalStack: count_lines.py KEY."""

import sys

from session import s3


def main(key: str) -> None:
    body = s3().get_object(Bucket="examples", Key=key)["Body"]
    sys.stdout.write(f"{sum(1 for _ in body.iter_lines())}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
