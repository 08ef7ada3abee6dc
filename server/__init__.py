"""The server: rules, use cases, gRPC, notifications, commands, and the local stack."""
