"""The gRPC server: what every call goes through, the services, and messages."""
