"""The wire: AWS JSON 1.1 from botocore's models, the gateway, the server, delegation to moto."""
