"""The stack that keeps state: it is deployed first, seldom changes, and is never deleted by a deployment."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from ops.aws import credentials
from ops.aws.database import Database
from ops.aws.messages import Messages
from ops.aws.network import POSTGRES, VALKEY, security_group, vpc
from ops.aws.valkey import Valkey

IMAGES = ("server", "envoy", "collector")


class DataStack(Stack):
    """The network, the databases, the queue, the secrets and the images."""

    def __init__(self, scope: Construct, name: str, **settings: object) -> None:
        super().__init__(scope, name, termination_protection=True, **settings)
        self.key = kms.Key(
            self,
            "Key",
            alias="yoyaku",
            description="yoyaku: databases, queues, secrets, logs",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self._let_logs_encrypt()
        self.network = vpc(self, self.key)
        self.tasks = security_group(self, "Tasks", self.network, egress=True)
        self.database = Database(self, self.network, self._servers("DatabaseServers", POSTGRES), self.key)
        caches = self._servers("ValkeyServers", VALKEY)
        self.cache = Valkey(
            self, "Cache", self.network, caches, self.key, node="cache.r6g.large", eviction="allkeys-lru", snapshots=0
        )
        self.tokens = Valkey(
            self, "Tokens", self.network, caches, self.key, node="cache.t4g.medium", eviction="noeviction", snapshots=7
        )
        self.secrets = {
            "keys": credentials.keys(self, self.key),
            "database": self.database.secret.secret_arn,
            "cache": self.cache.secret.secret_arn,
            "tokens": self.tokens.secret.secret_arn,
        }
        self.messages = Messages(self, self.key)
        self.images = {name: self._repository(name) for name in IMAGES}

    def _let_logs_encrypt(self) -> None:
        groups = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{self.region}:{self.account}:log-group:*"}
        statement = iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
            actions=["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            resources=["*"],
            conditions={"ArnLike": groups},
        )
        self.key.add_to_resource_policy(statement)

    def _servers(self, name: str, port: int) -> ec2.SecurityGroup:
        """A group of servers that only tasks reach."""
        group = security_group(self, name, self.network)
        group.add_ingress_rule(self.tasks, ec2.Port.tcp(port), "tasks")
        return group

    def _repository(self, name: str) -> ecr.Repository:
        return ecr.Repository(
            self,
            f"Images{name.title()}",
            repository_name=f"yoyaku/{name}",
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=self.key,
            removal_policy=RemovalPolicy.RETAIN,
        )
