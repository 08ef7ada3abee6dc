"""New tasks once a password has rotated; the running ones keep the other role until its turn comes."""

from collections.abc import Sequence

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_stepfunctions as steps
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from ops.aws.data import DataStack
from ops.aws.network import log_group


def replaced_after_rotation(scope: Construct, data: DataStack, services: Sequence[ecs.FargateService]) -> None:
    """Deploy the services again, one after the other, whenever the application's password has rotated."""
    first, *others = [
        tasks.CallAwsService(
            scope,
            f"Replace{place}",
            service="ecs",
            action="updateService",
            parameters={
                "Cluster": service.cluster.cluster_name,
                "Service": service.service_name,
                "ForceNewDeployment": True,
            },
            iam_resources=[service.service_arn],
            result_path=steps.JsonPath.DISCARD,
        )
        for place, service in enumerate(services, 1)
    ]
    chain = steps.Chain.start(first)
    for each in others:
        chain = chain.next(each)
    log = log_group(scope, "ReplacementLog", data.key)
    machine = steps.StateMachine(
        scope,
        "Replacement",
        definition_body=steps.DefinitionBody.from_chainable(chain),
        tracing_enabled=True,
        logs=steps.LogOptions(destination=log, level=steps.LogLevel.ALL),
    )
    rotated = events.EventPattern(
        source=["aws.secretsmanager"],
        detail_type=["AWS Service Event via CloudTrail"],
        detail={
            "eventName": ["RotationSucceeded"],
            "additionalEventData": {"SecretId": [data.database.secret.secret_arn]},
        },
    )
    events.Rule(scope, "Rotated", event_pattern=rotated, targets=[targets.SfnStateMachine(machine)])
