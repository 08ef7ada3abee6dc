"""Valkey on ElastiCache, twice: a cache that may lose everything, and the store of refresh tokens that may not."""

import json

from aws_cdk import RemovalPolicy, SecretValue
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ops.aws.network import VALKEY
from ops.aws.sizes import VALKEY_ACCESS

ENGINE, FAMILY, VERSION = "valkey", "valkey8", "8.1"
USER = "yoyaku"


class Valkey(Construct):
    """A primary and a replica in another zone, with a user whose password Secrets Manager made."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        network: ec2.IVpc,
        group: ec2.ISecurityGroup,
        key: kms.IKey,
        *,
        node: str,
        eviction: str,
        snapshots: int,
    ) -> None:
        super().__init__(scope, name)
        self.secret = secretsmanager.Secret(
            self,
            "Password",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"username": USER}),
                generate_string_key="password",
                exclude_punctuation=True,
                password_length=64,
            ),
        )
        self.group = elasticache.CfnReplicationGroup(
            self,
            "Servers",
            replication_group_description=f"yoyaku: {name}",
            engine=ENGINE,
            engine_version=VERSION,
            cache_node_type=node,
            num_node_groups=1,
            replicas_per_node_group=1,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            at_rest_encryption_enabled=True,
            kms_key_id=key.key_arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            port=VALKEY,
            security_group_ids=[group.security_group_id],
            cache_subnet_group_name=self._subnets(network),
            cache_parameter_group_name=self._parameters(name, eviction),
            user_group_ids=[self._users(name)],
            snapshot_retention_limit=snapshots,
            snapshot_window="18:00-19:00" if snapshots else None,
            preferred_maintenance_window="sun:19:30-sun:20:30",
            auto_minor_version_upgrade=True,
        )
        if snapshots:
            self.group.apply_removal_policy(RemovalPolicy.SNAPSHOT)

    def _subnets(self, network: ec2.IVpc) -> str:
        isolated = network.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        group = elasticache.CfnSubnetGroup(
            self, "Subnets", description="yoyaku: Valkey", subnet_ids=isolated.subnet_ids
        )
        return group.ref

    def _parameters(self, name: str, eviction: str) -> str:
        made = elasticache.CfnParameterGroup(
            self,
            "Parameters",
            cache_parameter_group_family=FAMILY,
            description=f"yoyaku: {name}",
            properties={"maxmemory-policy": eviction},
        )
        return made.ref

    def _users(self, name: str) -> str:
        """Everything but what only operators need; the default user may do nothing."""
        identity = f"{USER}-{name.lower()}"
        password = SecretValue.secrets_manager(self.secret.secret_arn, json_field="password").unsafe_unwrap()
        mine = elasticache.CfnUser(
            self,
            "User",
            engine=ENGINE,
            user_id=identity,
            user_name=USER,
            access_string=VALKEY_ACCESS,
            passwords=[password],
        )
        group = elasticache.CfnUserGroup(self, "Users", engine=ENGINE, user_group_id=identity, user_ids=[mine.user_id])
        group.add_resource_dependency(mine)
        return group.user_group_id

    @property
    def url(self) -> str:
        """Names the primary and the user; the password reaches programs by itself."""
        return f"rediss://{USER}@{self.group.attr_primary_end_point_address}:{VALKEY}/0"
