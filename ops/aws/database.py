"""PostgreSQL on RDS: a primary in two zones, replicas for reads, backups, and passwords that rotate."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ops.aws.network import POSTGRES, log_group
from ops.aws.sizes import (
    BACKUP_DAYS,
    BACKUP_WINDOW_UTC,
    DATABASE_GIB,
    MAX_CONNECTIONS,
    MOST_DATABASE_GIB,
    REPLICAS,
    ROTATION_DAYS,
    ZONES,
)

NAME = "yoyaku"
ENGINE = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18_3)
# docs/configuration.md says why; the log must not quote rows, which hold personal data. statement_timeout is for
# people: programs set their own limits, and roles.sql exempts migrations.
PARAMETERS = {
    "max_connections": str(MAX_CONNECTIONS),
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "60000",
    "random_page_cost": "1.1",
    "shared_preload_libraries": "pg_stat_statements",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "rds.force_ssl": "1",
}
SIZE = ec2.InstanceType.of(ec2.InstanceClass.R6G, ec2.InstanceSize.XLARGE)


class Database(Construct):
    """The servers and the secrets of the roles that use them."""

    def __init__(self, scope: Construct, network: ec2.IVpc, group: ec2.ISecurityGroup, key: kms.IKey) -> None:
        super().__init__(scope, "Database")
        common = {
            "vpc": network,
            "vpc_subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            "security_groups": [group],
            "instance_type": SIZE,
            "storage_type": rds.StorageType.GP3,
            "port": POSTGRES,
            "parameter_group": rds.ParameterGroup(self, "Parameters", engine=ENGINE, parameters=PARAMETERS),
            "iam_authentication": True,
            "enable_performance_insights": True,
            "performance_insight_encryption_key": key,
            "performance_insight_retention": rds.PerformanceInsightRetention.DEFAULT,
            "monitoring_interval": Duration.seconds(15),
            "monitoring_role": self._monitoring(),
            "cloudwatch_logs_exports": ["postgresql"],
            "auto_minor_version_upgrade": True,
            "deletion_protection": True,
            "removal_policy": RemovalPolicy.RETAIN,
            "copy_tags_to_snapshot": True,
        }
        self.primary = rds.DatabaseInstance(
            self,
            "Primary",
            engine=ENGINE,
            database_name=NAME,
            credentials=rds.Credentials.from_generated_secret("postgres", encryption_key=key),
            storage_encrypted=True,  # and so are the replicas
            storage_encryption_key=key,
            multi_az=True,
            **self._named("primary", key),
            allocated_storage=DATABASE_GIB,
            max_allocated_storage=MOST_DATABASE_GIB,
            backup_retention=Duration.days(BACKUP_DAYS),
            preferred_backup_window=BACKUP_WINDOW_UTC,
            preferred_maintenance_window="sun:19:00-sun:20:00",
            **common,
        )
        self.replicas = [
            rds.DatabaseInstanceReadReplica(
                self,
                f"Replica{number}",
                source_database_instance=self.primary,
                **self._named(f"replica-{number}", key),
                availability_zone=ZONES[number % len(ZONES)],
                preferred_maintenance_window=f"{day}:19:00-{day}:20:00",
                **common,
            )
            for number, day in zip(range(1, REPLICAS + 1), ("mon", "tue"), strict=True)
        ]
        self.secret = self._rotated(key)

    def _named(self, name: str, key: kms.IKey) -> dict[str, str]:
        """The identifier of a server, whose log has its group before RDS would make one that is kept for ever."""
        identifier = f"{NAME}-{name}"
        log_group(self, f"{name}-log", key, name=f"/aws/rds/instance/{identifier}/postgresql")
        return {"instance_identifier": identifier}

    def _rotated(self, key: kms.IKey) -> secretsmanager.ISecret:
        """The secret of the application's two roles: one is in use while the password of the other changes."""
        # Where there is a way to Secrets Manager.
        rotation = {
            "automatically_after": Duration.days(ROTATION_DAYS),
            "vpc_subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
        }
        self.primary.add_rotation_single_user(**rotation)
        mine = rds.DatabaseSecret(
            self, "Application", username=NAME, master_secret=self.primary.secret, encryption_key=key
        ).attach(self.primary)
        self.primary.add_rotation_multi_user("Rotation", secret=mine, **rotation)
        return mine

    def _monitoring(self) -> iam.Role:
        policy = "service-role/AmazonRDSEnhancedMonitoringRole"
        return iam.Role(
            self,
            "Monitoring",
            assumed_by=iam.ServicePrincipal("monitoring.rds.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(policy)],
        )

    @property
    def url(self) -> str:
        """Names all servers and no role: user and password reach programs as PGUSER and PGPASSWORD."""
        servers = [self.primary, *self.replicas]
        hosts = ",".join(f"{each.db_instance_endpoint_address}:{POSTGRES}" for each in servers)
        return f"postgresql://{hosts}/{NAME}?sslmode=require"
