"""Put a file into the bucket `examples` of LocalStack: upload.py FILE KEY."""

import sys

from session import s3


def main(file: str, key: str) -> None:
    client = s3()
    client.create_bucket(Bucket="examples")
    client.upload_file(file, "examples", key)
    sys.stdout.write(f"s3://examples/{key}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
