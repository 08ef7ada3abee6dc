"""Alarms: what wakes somebody, what waits for working hours, and what takes a release back."""

from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from ops.aws.database import Database
from ops.aws.messages import Messages
from ops.aws.sizes import MAX_CONNECTIONS, MOST_TASKS
from ops.aws.valkey import Valkey

MINUTE = Duration.minutes(1)
AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


class Rule(NamedTuple):
    """An alarm: `minutes` of the last `of` minutes (all of them if 0) on the wrong side of the threshold."""

    name: str
    metric: cloudwatch.IMetric
    comparison: cloudwatch.ComparisonOperator
    threshold: float
    minutes: int
    page: bool
    of: int = 0


def metric(namespace: str, name: str, statistic: str = "Average", **dimensions: str) -> cloudwatch.Metric:
    """A metric by the minute."""
    return cloudwatch.Metric(
        namespace=namespace, metric_name=name, dimensions_map=dimensions, statistic=statistic, period=MINUTE
    )


def ours(name: str, statistic: str = "Average", **dimensions: str) -> cloudwatch.Metric:
    """A metric of docs/metrics.md, as the collector sends it."""
    return metric("yoyaku", name, statistic, installation="yoyaku", **dimensions)


def expression(text: str, **metrics: cloudwatch.IMetric) -> cloudwatch.MathExpression:
    """A calculation with metrics."""
    return cloudwatch.MathExpression(expression=text, using_metrics=metrics, period=MINUTE)


def of_balancer(name: str, balancer: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """A metric of the load balancer, over both releases."""
    return metric("AWS/ApplicationELB", name, statistic, LoadBalancer=balancer)


def of_service(name: str, cluster: str, service: str) -> cloudwatch.Metric:
    """A metric of Container Insights."""
    return metric("ECS/ContainerInsights", name, ClusterName=cluster, ServiceName=service)


def release_rules(balancer: str) -> list[Rule]:
    """Those that take a release back."""
    failed = expression(
        "IF(requests > 20, 100 * FILL(errors, 0) / requests, 0)",
        errors=of_balancer("HTTPCode_Target_5XX_Count", balancer),
        requests=of_balancer("RequestCount", balancer),
    )
    return [
        Rule("CallsFail", failed, ABOVE, 1, 3, page=True, of=5),
        Rule("CallsSlow", of_balancer("TargetResponseTime", balancer, "p95"), ABOVE, 1, 5, page=True),
        Rule("NoTarget", of_balancer("HTTPCode_ELB_5XX_Count", balancer), ABOVE, 10, 3, page=True),
    ]


def service_rules(cluster: str, service: str, notifications: str) -> list[Rule]:
    """Of tasks, and of what they say of themselves."""
    scaled_out = expression("IF(DIFF(wanted) > 0, 1, 0)", wanted=of_service("DesiredTaskCount", cluster, service))
    waiting = ours("db_client_connection_pending_requests", "Maximum")
    return [
        Rule(
            "TasksAtTheCeiling", of_service("RunningTaskCount", cluster, service), AT_LEAST, MOST_TASKS, 11, page=False
        ),
        Rule("Thrashing", scaled_out, AT_LEAST, 1, 11, page=False, of=60),
        Rule("NoNotifications", of_service("RunningTaskCount", cluster, notifications), BELOW, 1, 5, page=True),
        Rule("PoolExhausted", waiting, ABOVE, 0, 3, page=True),
        Rule("NoticesLate", ours("yoyaku_notice_oldest_waiting_seconds", "Maximum"), ABOVE, 300, 5, page=False),
        Rule("ProviderFailing", ours("yoyaku_provider_breaker_open", "Maximum"), ABOVE, 0, 5, page=False),
    ]


def data_rules(database: Database, cache: Valkey, tokens: Valkey, messages: Messages) -> list[Rule]:
    """Of databases and queues."""
    primary = database.primary
    memory = metric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", ReplicationGroupId=tokens.group.ref)
    hits = metric("AWS/ElastiCache", "CacheHitRate", ReplicationGroupId=cache.group.ref)
    old = messages.queue.metric_approximate_age_of_oldest_message(period=MINUTE)
    dead = messages.dead.metric_approximate_number_of_messages_visible(period=MINUTE)
    lags = [
        Rule(f"ReplicaLag{n}", each.metric("ReplicaLag", period=MINUTE), ABOVE, 0.5, 5, page=False)
        for n, each in enumerate(database.replicas, 1)
    ]
    used = primary.metric_database_connections(period=MINUTE)
    return [
        Rule("DatabaseBusy", primary.metric_cpu_utilization(period=MINUTE), ABOVE, 80, 3, page=False),
        Rule("DatabaseConnections", used, ABOVE, 0.8 * MAX_CONNECTIONS, 3, page=True),
        Rule("DatabaseDisk", primary.metric_free_storage_space(period=MINUTE), BELOW, 50 * 2**30, 5, page=True),
        Rule("DatabaseMemory", primary.metric_freeable_memory(period=MINUTE), BELOW, 2 * 2**30, 10, page=False),
        *lags,
        Rule("CacheMisses", hits, BELOW, 70, 30, page=False),
        Rule("TokenStoreFull", memory, ABOVE, 80, 5, page=True),
        Rule("QueueOld", old, ABOVE, 300, 5, page=False),
        Rule("DeadLetters", dead, ABOVE, 0, 1, page=False),
    ]


def alarm(scope: Construct, rule: Rule, messages: Messages) -> cloudwatch.Alarm:
    """Make an alarm of a rule, which goes to the topic of its urgency when it begins and when it ends."""
    made = cloudwatch.Alarm(
        scope,
        rule.name,
        alarm_name=f"yoyaku-{rule.name}",
        metric=rule.metric,
        comparison_operator=rule.comparison,
        threshold=rule.threshold,
        datapoints_to_alarm=rule.minutes,
        evaluation_periods=rule.of or rule.minutes,
        treat_missing_data=_missing(rule),
    )
    topic: sns.Topic = messages.pager if rule.page else messages.working_hours
    made.add_alarm_action(actions.SnsAction(topic))
    made.add_ok_action(actions.SnsAction(topic))
    return made


def _missing(rule: Rule) -> cloudwatch.TreatMissingData:
    """Nothing to count is good, except where it is what the alarm is about."""
    gone = rule.name == "NoNotifications"
    return cloudwatch.TreatMissingData.BREACHING if gone else cloudwatch.TreatMissingData.NOT_BREACHING
