"""How many tasks run: by requests, by CPU, and by the clock of the clinics."""

from aws_cdk import Duration, TimeZone
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from ops.aws.sizes import (
    BUSY_CPU_PERCENT,
    FEWEST_BY_CLOCK,
    FEWEST_TASKS,
    IN_AFTER,
    MOST_TASKS,
    OUT_AFTER_CPU,
    OUT_AFTER_REQUESTS,
    REQUESTS_PER_TASK,
)

JAPAN = TimeZone.ASIA_TOKYO
_Query = autoscaling.CfnScalingPolicy.TargetTrackingMetricDataQueryProperty
_Stat = autoscaling.CfnScalingPolicy.TargetTrackingMetricStatProperty
_Metric = autoscaling.CfnScalingPolicy.TargetTrackingMetricProperty
_Dimension = autoscaling.CfnScalingPolicy.TargetTrackingMetricDimensionProperty


def scale(scope: Construct, service: ecs.FargateService, balancer: str) -> None:
    """Scale a service behind the load balancer whose full name is `balancer`."""
    tasks = service.auto_scale_task_count(min_capacity=FEWEST_TASKS, max_capacity=MOST_TASKS)
    tasks.scale_on_cpu_utilization(
        "Cpu",
        target_utilization_percent=BUSY_CPU_PERCENT,
        scale_out_cooldown=Duration.seconds(OUT_AFTER_CPU),
        scale_in_cooldown=Duration.seconds(IN_AFTER),
    )
    for name, (days, hour, fewest) in FEWEST_BY_CLOCK.items():
        schedule = autoscaling.Schedule.cron(week_day=days, hour=str(hour), minute="0")
        tasks.scale_on_schedule(name, schedule=schedule, time_zone=JAPAN, min_capacity=fewest, max_capacity=MOST_TASKS)
    _by_requests(scope, tasks, service, balancer)


def _by_requests(scope: Construct, tasks: ecs.ScalableTaskCount, service: ecs.FargateService, balancer: str) -> None:
    """A hundred requests a minute for each task.

    ALBRequestCountPerTarget counts for one target group, and ours are four that take turns; so it is made from the
    requests of the whole load balancer and the number of tasks that run.
    """
    of_service = [("ClusterName", service.cluster.cluster_name), ("ServiceName", service.service_name)]
    queries = [
        _query("requests", "AWS/ApplicationELB", "RequestCount", [("LoadBalancer", balancer)], "Sum"),
        _query("tasks", "ECS/ContainerInsights", "RunningTaskCount", of_service, "Average"),
        _Query(id="per_task", expression="requests / tasks", label="requests of a task in a minute", return_data=True),
    ]
    autoscaling.CfnScalingPolicy(
        scope,
        "Requests",
        policy_name="yoyaku-requests",
        policy_type="TargetTrackingScaling",
        scaling_target_id=tasks.node.find_child("Target").scalable_target_id,
        target_tracking_scaling_policy_configuration=autoscaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
            target_value=REQUESTS_PER_TASK,
            scale_out_cooldown=OUT_AFTER_REQUESTS,
            scale_in_cooldown=IN_AFTER,
            customized_metric_specification=autoscaling.CfnScalingPolicy.CustomizedMetricSpecificationProperty(
                metrics=queries
            ),
        ),
    )


def _query(name: str, namespace: str, metric: str, dimensions: list[tuple[str, str]], statistic: str) -> _Query:
    named = [_Dimension(name=key, value=value) for key, value in dimensions]
    stat = _Stat(metric=_Metric(namespace=namespace, metric_name=metric, dimensions=named), stat=statistic)
    return _Query(id=name, metric_stat=stat, return_data=False)
