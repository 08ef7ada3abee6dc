"""The containers of tasks: what runs, with which settings, secrets and rights."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from ops.aws.network import EDGE
from ops.aws.sizes import DEPLOYING, MOST_NOTIFICATION_TASKS, MOST_TASKS, REGION, WORKER_PORTS

USER = "10001:10001"
"""Of the image; Envoy runs as the same, since it reads what the image has rendered."""
SHARED, RENDERED = "/run/yoyaku", "/run/edge"
METRICS, COLLECTOR = "127.0.0.1:9100", "127.0.0.1:4317"
STOP_SECONDS = 30

SETTINGS = {
    "YOYAKU_TASKS": str(DEPLOYING * MOST_TASKS),
    "YOYAKU_METRICS_LISTEN": METRICS,
    "YOYAKU_METRICS_DIRECTORY": SHARED,
    "YOYAKU_TRACES_ENDPOINT": f"http://{COLLECTOR}",
    "YOYAKU_TRACES_FORMAT": "xray",
    "YOYAKU_LOG_FORMAT": "json",
}
NOTIFICATION_SETTINGS = {
    "YOYAKU_SMS": "sns",
    "YOYAKU_SNS_REGION": REGION,
    "YOYAKU_SQS_REGION": REGION,
    "YOYAKU_WORKER_PROCESSES": str(MOST_NOTIFICATION_TASKS),
}
CERTIFICATE_COMMAND = ["certificate", f"{RENDERED}/tls", "edge"]
EDGE_COMMAND = [
    "envoy-config",
    f"--directory={RENDERED}/envoy",
    "--host=0.0.0.0",
    f"--tls-port={EDGE}",
    f"--certificates={RENDERED}/tls",
    "--trusted-hops=1",  # the load balancer
    f"--traces={COLLECTOR}",
    *(f"--worker=127.0.0.1:{port}" for port in WORKER_PORTS),
]


class Containers:
    """Adds containers to one task definition."""

    def __init__(
        self,
        task: ecs.FargateTaskDefinition,
        images: Mapping[str, ecs.ContainerImage],
        log: logs.ILogGroup,
        environment: Mapping[str, str],
        secrets: Mapping[str, ecs.Secret],
    ) -> None:
        self._task, self._images, self._log = task, images, log
        self._environment, self._secrets = dict(environment), dict(secrets)

    def program(
        self,
        name: str,
        command: Sequence[str],
        more: Mapping[str, str] | None = None,
        *,
        volumes: Mapping[str, str] | None = None,
        is_step: bool = False,
        health: ecs.HealthCheck | None = None,
    ) -> ecs.ContainerDefinition:
        """A command of the server's image; `is_step`: it ends, and others wait for it, and it needs no secrets."""
        return self._added(
            name,
            "server",
            command=list(command),
            environment={} if is_step else self._environment | dict(more or {}),
            secrets={} if is_step else self._secrets,
            user=USER,
            essential=not is_step,
            volumes=volumes or {},
            health_check=health,
        )

    def envoy(self) -> ecs.ContainerDefinition:
        """The edge, with what `envoy-config` has rendered."""
        edge = self._added(
            "envoy",
            "envoy",
            entry_point=["/usr/local/bin/envoy"],
            command=["-c", f"{RENDERED}/envoy/envoy.yaml", "--disable-hot-restart", "--log-level", "warning"],
            user=USER,
            essential=True,
            volumes={"edge": RENDERED},
        )
        edge.add_port_mappings(ecs.PortMapping(container_port=EDGE))
        return edge

    def collector(self, metrics: logs.ILogGroup) -> ecs.ContainerDefinition:
        """The sidecar for traces and metrics; a task outlives it."""
        role = self._task.task_role
        metrics.grant_write(role)
        # X-Ray knows no resources to name.
        role.add_to_principal_policy(
            iam.PolicyStatement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"])
        )
        text = (Path(__file__).parent / "collector.yaml").read_text()
        configuration = text.replace("METRICS_LOG_GROUP", metrics.log_group_name)
        return self._added(
            "collector",
            "collector",
            environment={"AOT_CONFIG_CONTENT": configuration},
            user=USER,
            essential=False,
            volumes={},
        )

    def _added(
        self, name: str, image: str, *, volumes: Mapping[str, str], **settings: object
    ) -> ecs.ContainerDefinition:
        added = self._task.add_container(
            name,
            container_name=name,
            image=self._images[image],
            readonly_root_filesystem=True,
            stop_timeout=Duration.seconds(STOP_SECONDS),
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix=name, log_group=self._log, mode=ecs.AwsLogDriverMode.NON_BLOCKING
            ),
            linux_parameters=_without_rights(self._task, name),
            **settings,
        )
        for volume, path in volumes.items():
            added.add_mount_points(ecs.MountPoint(container_path=path, source_volume=volume, read_only=False))
        return added


def _without_rights(task: ecs.FargateTaskDefinition, name: str) -> ecs.LinuxParameters:
    parameters = ecs.LinuxParameters(task, f"{name}Rights", init_process_enabled=True)
    parameters.drop_capabilities(ecs.Capability.ALL)
    return parameters
