"""The network: load balancers in public subnets, tasks in private ones, and databases in ones without a way out."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from ops.aws.sizes import ZONES

POSTGRES, VALKEY, EDGE = 5432, 6379, 8443


def log_group(scope: Construct, construct: str, key: kms.IKey, name: str | None = None) -> logs.LogGroup:
    """An encrypted log group that outlives the stack, so that a failed deployment can be understood."""
    return logs.LogGroup(
        scope,
        construct,
        log_group_name=name,
        encryption_key=key,
        retention=logs.RetentionDays.THREE_MONTHS,
        removal_policy=RemovalPolicy.RETAIN,
    )


def vpc(scope: Construct, key: kms.IKey) -> ec2.Vpc:
    """Three zones, each with a NAT gateway of its own, so that the loss of one takes nothing from the others."""
    made = ec2.Vpc(
        scope,
        "Network",
        availability_zones=list(ZONES),
        nat_gateways=len(ZONES),
        restrict_default_security_group=False,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False),
            ec2.SubnetConfiguration(name="tasks", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        ],
        gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
    )
    flows = log_group(scope, "FlowLogs", key)
    made.add_flow_log(
        "Flows",
        destination=ec2.FlowLogDestination.to_cloud_watch_logs(flows),
        traffic_type=ec2.FlowLogTrafficType.REJECT,
    )
    return made


def security_group(scope: Construct, name: str, network: ec2.IVpc, *, egress: bool = False) -> ec2.SecurityGroup:
    """A group that lets nothing in, and out only what is allowed later, unless `egress`."""
    return ec2.SecurityGroup(scope, name, vpc=network, description=f"yoyaku: {name}", allow_all_outbound=egress)
