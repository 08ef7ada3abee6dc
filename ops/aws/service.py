"""The stack that runs the programs: what a release changes."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, CfnParameter, Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from constructs import Construct

from ops.aws.alarms import alarm, data_rules, release_rules, service_rules
from ops.aws.containers import (
    CERTIFICATE_COMMAND,
    EDGE_COMMAND,
    NOTIFICATION_SETTINGS,
    RENDERED,
    SETTINGS,
    SHARED,
    Containers,
)
from ops.aws.credentials import of_programs
from ops.aws.dashboard import dashboard
from ops.aws.data import IMAGES, DataStack
from ops.aws.entrance import Entrance, Pair
from ops.aws.network import EDGE, log_group, security_group
from ops.aws.rotation import replaced_after_rotation
from ops.aws.scaling import scale
from ops.aws.sizes import (
    MOST_NOTIFICATION_TASKS,
    TASK_CPU,
    TASK_MEMORY_MIB,
    USUAL_TASKS,
    WORKER_PORTS,
)

BAKE = Duration.minutes(10)
"""How long the old release stays ready after the new one has taken over, in case an alarm goes off."""


class ServiceStack(Stack):
    """Load balancer, tasks, scaling, alarms."""

    def __init__(self, scope: Construct, name: str, data: DataStack, **settings: object) -> None:
        super().__init__(scope, name, **settings)
        self._data = data
        self._images = {image: self._image(image) for image in IMAGES}
        self._log = log_group(self, "Log", data.key)
        self._metrics = log_group(self, "Metrics", data.key)
        self._secrets = of_programs(self, data.secrets)
        self._cluster = ecs.Cluster(
            self, "Cluster", vpc=data.network, container_insights_v2=ecs.ContainerInsights.ENABLED
        )
        # As it is: what may reach tasks is said here, and not by the constructs of the library.
        self._group = ec2.SecurityGroup.from_security_group_id(
            self, "Tasks", data.tasks.security_group_id, mutable=False
        )
        self._migrations()
        notifications = self._notifications()
        certificate = CfnParameter(self, "CertificateArn", description="ACM certificate of the public name")
        balancers = security_group(self, "LoadBalancerGroup", data.network)
        for port in (443, 80):
            balancers.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(port), "the world")
        balancers.add_egress_rule(self._group, ec2.Port.tcp(EDGE), "Envoy")
        ec2.CfnSecurityGroupIngress(
            self,
            "FromLoadBalancer",
            group_id=self._group.security_group_id,
            source_security_group_id=balancers.security_group_id,
            ip_protocol="tcp",
            from_port=EDGE,
            to_port=EDGE,
            description="the load balancer",
        )
        entrance = Entrance(
            self, data.network, balancers, elb.ListenerCertificate.from_arn(certificate.value_as_string)
        )
        self._serve(entrance, notifications)
        CfnOutput(self, "Address", value=entrance.balancer.load_balancer_dns_name)

    def _image(self, name: str, parameter: str = "") -> ecs.ContainerImage:
        """By its digest in our own repository: what runs is what was looked at."""
        digest = CfnParameter(
            self,
            parameter or f"{name.title()}Digest",
            allowed_pattern="^sha256:[0-9a-f]{64}$",
            description=f"digest of the image in the repository yoyaku/{name}",
        )
        uri = self._data.images[name].repository_uri
        return ecs.ContainerImage.from_registry(f"{uri}@{digest.value_as_string}")

    def _task(
        self, name: str, *, cpu: int, memory: int, images: Mapping[str, ecs.ContainerImage] | None = None
    ) -> tuple[ecs.FargateTaskDefinition, Containers]:
        task = ecs.FargateTaskDefinition(self, name, family=f"yoyaku-{name.lower()}", cpu=cpu, memory_limit_mib=memory)
        for image in self._data.images.values():
            image.grant_pull(task.obtain_execution_role())
        task.add_to_execution_role_policy(self._may_read_secrets())
        environment = SETTINGS | {
            "YOYAKU_DATABASE_URL": self._data.database.url,
            "YOYAKU_CACHE_URL": self._data.cache.url,
            "YOYAKU_TOKEN_STORE_URL": self._data.tokens.url,
        }
        return task, Containers(task, images or self._images, self._log, environment, self._secrets)

    def _may_read_secrets(self) -> iam.PolicyStatement:
        through = {"kms:ViaService": f"secretsmanager.{self.region}.amazonaws.com"}
        return iam.PolicyStatement(
            actions=["kms:Decrypt"], resources=[self._data.key.key_arn], conditions={"StringEquals": through}
        )

    def _migrations(self) -> None:
        """`migrate` as a task that is run before and after a release; docs/aws.md has the commands.

        Its image has a parameter of its own: the new release's migrations run while the old release serves.
        """
        images = self._images | {"server": self._image("server", "MigrateDigest")}
        _, containers = self._task("Migrate", cpu=512, memory=1024, images=images)
        containers.program("migrate", ["migrate"])

    def _notifications(self) -> ecs.FargateService:
        task, containers = self._task("Notifications", cpu=512, memory=1024)
        task.add_volume(name="shared")
        queue = self._data.messages.queue
        settings = NOTIFICATION_SETTINGS | {"YOYAKU_SQS_QUEUE_URL": queue.queue_url}
        containers.program("notifications", ["worker"], settings, volumes={"shared": SHARED})
        containers.collector(self._metrics)
        role = task.task_role
        # To telephones, which have no ARN, and never to a topic.
        role.add_to_principal_policy(iam.PolicyStatement(actions=["sns:Publish"], not_resources=["arn:aws:sns:*:*:*"]))
        queue.grant_consume_messages(role)
        # Not by `grant_send_messages`, which also allows every action of the key that begins with GenerateDataKey.
        queue.grant(role, "sqs:SendMessage")
        self._data.key.grant(role, "kms:GenerateDataKey")
        service = self._service("Notifications", task, count=2)
        count = service.auto_scale_task_count(min_capacity=2, max_capacity=MOST_NOTIFICATION_TASKS)
        count.scale_on_cpu_utilization("Cpu", target_utilization_percent=60)
        return service

    def _serve(self, entrance: Entrance, notifications: ecs.FargateService) -> None:
        balancer = entrance.balancer.load_balancer_full_name
        messages = self._data.messages
        guards = [alarm(self, rule, messages) for rule in release_rules(balancer)]
        service = self._service(
            "Server",
            self._server_task(),
            count=USUAL_TASKS,
            deployment_strategy=ecs.DeploymentStrategy.BLUE_GREEN,
            bake_time=BAKE,
            deployment_alarms=ecs.DeploymentAlarmConfig(
                alarm_names=[each.alarm_name for each in guards],
                behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
            ),
            health_check_grace_period=Duration.seconds(60),
        )
        for name, pair in (("Grpc", entrance.grpc), ("Rest", entrance.rest)):
            pair.blue.add_target(
                service.load_balancer_target(
                    container_name="envoy", container_port=EDGE, alternate_target=_alternate(name, pair)
                )
            )
        scale(self, service, balancer)
        replaced_after_rotation(self, self._data, [service, notifications])
        cluster = self._cluster.cluster_name
        rules = service_rules(cluster, service.service_name, notifications.service_name)
        rules += data_rules(self._data.database, self._data.cache, self._data.tokens, messages)
        alarms = guards + [alarm(self, rule, messages) for rule in rules]
        dashboard(
            self, balancer, cluster, service.service_name, self._data.database, self._data.cache, messages, alarms
        )

    def _server_task(self) -> ecs.FargateTaskDefinition:
        task, containers = self._task("Server", cpu=TASK_CPU, memory=TASK_MEMORY_MIB)
        for volume in ("shared", "edge"):
            task.add_volume(name=volume)
        certificate = containers.program("certificate", CERTIFICATE_COMMAND, volumes={"edge": RENDERED}, is_step=True)
        rendered = containers.program("edge-config", EDGE_COMMAND, volumes={"edge": RENDERED}, is_step=True)
        rendered.add_container_dependencies(_after(certificate, ecs.ContainerDependencyCondition.SUCCESS))
        edge = containers.envoy()
        edge.add_container_dependencies(_after(rendered, ecs.ContainerDependencyCondition.SUCCESS))
        for number, port in enumerate(WORKER_PORTS, 1):
            listen = f"127.0.0.1:{port}"
            worker = containers.program(
                f"worker-{number}",
                ["serve"],
                {"YOYAKU_LISTEN": listen},
                volumes={"shared": SHARED},
                health=_healthy(),
            )
            # So Envoy starts after the workers, and is stopped before them.
            edge.add_container_dependencies(_after(worker, ecs.ContainerDependencyCondition.HEALTHY))
        containers.collector(self._metrics)
        return task

    def _service(self, name: str, task: ecs.FargateTaskDefinition, *, count: int, **more: object) -> ecs.FargateService:
        return ecs.FargateService(
            self,
            f"{name}Service",
            cluster=self._cluster,
            service_name=f"yoyaku-{name.lower()}",
            task_definition=task,
            desired_count=count,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            security_groups=[self._group],
            assign_public_ip=False,
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.ENABLED,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            min_healthy_percent=100,
            max_healthy_percent=200,
            **more,
        )


def _alternate(name: str, pair: Pair) -> ecs.AlternateTarget:
    return ecs.AlternateTarget(
        name,
        alternate_target_group=pair.green,
        production_listener=ecs.ListenerRuleConfiguration.application_listener_rule(pair.rule),
    )


def _after(container: ecs.ContainerDefinition, condition: ecs.ContainerDependencyCondition) -> ecs.ContainerDependency:
    return ecs.ContainerDependency(container=container, condition=condition)


def _healthy() -> ecs.HealthCheck:
    return ecs.HealthCheck(
        command=["CMD", "python", "-m", "server", "healthy"],
        interval=Duration.seconds(30),
        timeout=Duration.seconds(10),
        retries=3,
        start_period=Duration.seconds(60),
    )
