"""Rules of cdk-nag that are not met, each with the reason; any other finding ends the synthesis."""

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

_MANAGED = "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{}]"
_ANY_RESOURCE = "AwsSolutions-IAM5[Resource::*]"
_PULLS = "ecr:GetAuthorizationToken knows no resources; all else in the policy is named"

DATA = {
    "Database/Monitoring": {
        _MANAGED.format(
            "service-role/AmazonRDSEnhancedMonitoringRole"
        ): "the policy that RDS asks for; it only writes logs"
    },
    "Database": {
        "AwsSolutions-RDS11": "another port hides nothing: only tasks reach the servers",
        "AwsSolutions-RDS2": "the primary is encrypted, and CloudFormation refuses to hear it again of its replicas",
        "AwsSolutions-RDS3": "replicas are in zones of their own, and reads go on without one",
    },
    "Cache": {
        "AwsSolutions-AEC6": "there is a user with a password instead of one token for all",
        "AwsSolutions-SMG4": "docs/aws.md says how it is changed: it unlocks copies of what is in the database",
    },
    "Tokens": {
        "AwsSolutions-AEC6": "there is a user with a password instead of one token for all",
        "AwsSolutions-SMG4": "docs/aws.md says how it is changed: the values in it are signed or hashed",
    },
    "Keys": {"AwsSolutions-SMG4": "keys of records and tokens change by commands that re-encrypt, not by a timer"},
}
_SETTINGS = {"AwsSolutions-ECS2": "settings without secrets; these come from Secrets Manager"}
SERVICE = {
    "Migrate": {_ANY_RESOURCE: _PULLS} | _SETTINGS,
    "Notifications": {_ANY_RESOURCE: f"{_PULLS}; X-Ray knows no resources"} | _SETTINGS,
    "Server": {_ANY_RESOURCE: f"{_PULLS}; X-Ray knows no resources"} | _SETTINGS,
    "Replacement": {_ANY_RESOURCE: "delivery of logs and X-Ray know no resources"},
    "LoadBalancerGroup": {"AwsSolutions-EC23": "patients come from anywhere"},
    "Entrance/Balancer": {
        "AwsSolutions-ELB2": "its log would hold paths with ids of patients; Envoy logs every call without them"
    },
    "ServerService": {
        _MANAGED.format("AmazonECSInfrastructureRolePolicyForLoadBalancers"): "what ECS asks for to move traffic"
    },
}


def acknowledge(data: Stack, service: Stack) -> None:
    """Tell cdk-nag what is meant to be so."""
    for stack, reasons in ((data, DATA), (service, SERVICE)):
        for path, rules in reasons.items():
            for rule, reason in rules.items():
                Validations.of(_find(stack, path)).acknowledge(Acknowledgment(id=rule, reason=reason))


def _find(stack: Stack, path: str) -> IConstruct:
    found: IConstruct = stack
    for name in path.split("/"):
        found = found.node.find_child(name)
    return found
