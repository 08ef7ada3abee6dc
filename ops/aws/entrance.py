"""The way in: a load balancer with TLS, one kind of target group for gRPC and one for all else, and a firewall."""

from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from ops.aws.network import EDGE
from ops.aws.sizes import FLOOD_PER_MINUTE

DRAIN = Duration.seconds(35)
"""Calls end within 30 s; streams are closed by the workers."""


class Pair(NamedTuple):
    """Two target groups that take turns: one serves while the next release is tried in the other."""

    blue: elb.ApplicationTargetGroup
    green: elb.ApplicationTargetGroup
    rule: elb.ApplicationListenerRule


class Entrance(Construct):
    """Listener, rules and target groups; targets speak TLS too, on Envoy's port for it."""

    def __init__(
        self, scope: Construct, network: ec2.IVpc, group: ec2.ISecurityGroup, certificate: elb.IListenerCertificate
    ) -> None:
        super().__init__(scope, "Entrance")
        self._network = network
        self.balancer = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=network,
            internet_facing=True,
            security_group=group,
            http2_enabled=True,
            idle_timeout=Duration.seconds(60),  # streams have a heartbeat every 15 s
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
            deletion_protection=True,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        )
        self.balancer.add_redirect(open=False)
        listener = self.balancer.add_listener(
            "Tls",
            port=443,
            open=False,
            certificates=[certificate],
            ssl_policy=elb.SslPolicy.RECOMMENDED_TLS,
            default_action=elb.ListenerAction.fixed_response(404),
        )
        # gRPC-Web is HTTP/1.1 or HTTP/2 without trailers: it goes where REST goes.
        grpc = elb.ListenerCondition.http_header("content-type", ["application/grpc", "application/grpc+proto"])
        self.grpc = self._pair("Grpc", listener, 10, grpc, elb.ApplicationProtocolVersion.GRPC)
        every_path = elb.ListenerCondition.path_patterns(["/*"])
        self.rest = self._pair("Rest", listener, 20, every_path, elb.ApplicationProtocolVersion.HTTP1)
        self._firewall()

    def _pair(
        self,
        name: str,
        listener: elb.ApplicationListener,
        priority: int,
        condition: elb.ListenerCondition,
        version: elb.ApplicationProtocolVersion,
    ) -> Pair:
        blue, green = (self._targets(f"{name}{colour}", version) for colour in ("Blue", "Green"))
        weights = [
            elb.WeightedTargetGroup(target_group=blue, weight=100),
            elb.WeightedTargetGroup(target_group=green, weight=0),
        ]
        rule = elb.ApplicationListenerRule(
            self,
            f"{name}Rule",
            listener=listener,
            priority=priority,
            conditions=[condition],
            action=elb.ListenerAction.weighted_forward(weights),
        )
        return Pair(blue, green, rule)

    def _targets(self, name: str, version: elb.ApplicationProtocolVersion) -> elb.ApplicationTargetGroup:
        grpc = version is elb.ApplicationProtocolVersion.GRPC
        return elb.ApplicationTargetGroup(
            self,
            name,
            vpc=self._network,
            target_type=elb.TargetType.IP,
            port=EDGE,
            protocol=elb.ApplicationProtocol.HTTPS,
            protocol_version=version,
            deregistration_delay=DRAIN,
            load_balancing_algorithm_type=elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
            health_check=elb.HealthCheck(
                protocol=elb.Protocol.HTTPS,
                path="/grpc.health.v1.Health/Check" if grpc else "/readyz",
                healthy_grpc_codes="0" if grpc else None,
                healthy_http_codes=None if grpc else "200",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=2,
            ),
        )

    def _firewall(self) -> None:
        """Stops floods and addresses of known attackers; each caller's own limits are the edge's."""
        rules = [
            waf.CfnWebACL.RuleProperty(
                name="floods",
                priority=0,
                action=waf.CfnWebACL.RuleActionProperty(block={}),
                statement=waf.CfnWebACL.StatementProperty(
                    rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                        limit=FLOOD_PER_MINUTE, aggregate_key_type="IP", evaluation_window_sec=60
                    )
                ),
                visibility_config=_seen("floods"),
            ),
            waf.CfnWebACL.RuleProperty(
                name="attackers",
                priority=1,
                override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                statement=waf.CfnWebACL.StatementProperty(
                    managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS", name="AWSManagedRulesAmazonIpReputationList"
                    )
                ),
                visibility_config=_seen("attackers"),
            ),
        ]
        acl = waf.CfnWebACL(
            self,
            "Firewall",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen("firewall"),
            rules=rules,
        )
        waf.CfnWebACLAssociation(self, "Behind", resource_arn=self.balancer.load_balancer_arn, web_acl_arn=acl.attr_arn)


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    """Counted, but no samples of requests: their paths have ids of patients."""
    return waf.CfnWebACL.VisibilityConfigProperty(
        metric_name=f"yoyaku-{name}", cloud_watch_metrics_enabled=True, sampled_requests_enabled=False
    )
