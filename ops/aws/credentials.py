"""What Secrets Manager keeps for the programs. The stack makes passwords of servers; an operator puts keys in, once."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

KEYS = ("key_encryption_key", "record_master_keys", "record_audit_keys", "archive_keys", "smtp_url")
"""Fields of the secret that operators fill in, each the setting YOYAKU_... of the same name."""


def keys(scope: Construct, key: kms.IKey) -> str:
    """The ARN of a secret without a value: tasks cannot start before somebody has put one in (docs/aws.md)."""
    made = secretsmanager.CfnSecret(
        scope, "Keys", name="yoyaku/keys", description=f"JSON with {', '.join(KEYS)}", kms_key_id=key.key_arn
    )
    made.apply_removal_policy(RemovalPolicy.RETAIN)
    return made.ref


def of_programs(scope: Construct, secrets: Mapping[str, str]) -> dict[str, ecs.Secret]:
    """What ECS puts into the environment of a container when it starts, from secrets given by their ARN.

    `keys` is the secret that operators fill in; `database`, `cache` and `tokens` have the passwords of these.
    """
    found = {
        name: secretsmanager.Secret.from_secret_complete_arn(scope, f"{name.title()}Secret", arn)
        for name, arn in secrets.items()
    }
    field = ecs.Secret.from_secrets_manager
    return {f"YOYAKU_{name.upper()}": field(found["keys"], name) for name in KEYS} | {
        "PGUSER": field(found["database"], "username"),
        "PGPASSWORD": field(found["database"], "password"),
        "YOYAKU_CACHE_PASSWORD": field(found["cache"], "password"),
        "YOYAKU_TOKEN_STORE_PASSWORD": field(found["tokens"], "password"),
    }
