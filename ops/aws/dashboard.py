"""One page in CloudWatch: calls, tasks, databases, queue."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ops.aws.alarms import metric, of_balancer, of_service, ours
from ops.aws.database import Database
from ops.aws.messages import Messages
from ops.aws.valkey import Valkey

WEEK = Duration.days(7)


def dashboard(
    scope: Construct,
    balancer: str,
    cluster: str,
    service: str,
    database: Database,
    cache: Valkey,
    messages: Messages,
    alarms: list[cloudwatch.Alarm],
) -> None:
    """The dashboard `yoyaku`."""
    latency = [of_balancer("TargetResponseTime", balancer, each) for each in ("p50", "p95", "p99")]
    by_method = cloudwatch.MathExpression(
        expression=(
            "SEARCH('{yoyaku,installation,rpc_method} MetricName=\"rpc_server_call_duration_seconds\"', 'p95', 300)"
        ),
        label="",
        using_metrics={},
    )
    codes = [of_balancer(f"HTTPCode_Target_{code}_Count", balancer) for code in ("2XX", "4XX", "5XX")]
    tasks = [of_service(name, cluster, service) for name in ("RunningTaskCount", "DesiredTaskCount")]
    servers = [database.primary, *database.replicas]
    hits = metric("AWS/ElastiCache", "CacheHitRate", ReplicationGroupId=cache.group.ref)
    page = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name="yoyaku", default_interval=WEEK)
    page.add_widgets(cloudwatch.AlarmStatusWidget(alarms=alarms, width=24, height=3))
    rows = [
        {"Seconds": latency, "p95 by method": [by_method], "Answers": codes},
        {
            "Tasks": tasks,
            "CPU of tasks": [metric("AWS/ECS", "CPUUtilization", ClusterName=cluster, ServiceName=service)],
            "Streams": [ours("yoyaku_streams_open", "Sum")],
        },
        {
            "CPU of databases": [each.metric_cpu_utilization() for each in servers],
            "Connections": [each.metric_database_connections() for each in servers],
            "Lag of replicas": [each.metric("ReplicaLag") for each in database.replicas],
        },
        {
            "Cache hits": [hits],
            "Queue": [messages.queue.metric_approximate_number_of_messages_visible()],
            "Dead letters": [messages.dead.metric_approximate_number_of_messages_visible()],
        },
    ]
    for row in rows:
        page.add_widgets(*(cloudwatch.GraphWidget(title=title, left=left, width=8) for title, left in row.items()))
