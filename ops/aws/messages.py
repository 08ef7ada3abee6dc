"""Queues of notices, and the topics that bring alarms to people."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

QUEUE = "appointment-notifications"
VISIBLE_AGAIN = Duration.minutes(5)
MOST_RECEIVES = 3


class Messages(Construct):
    """One queue in order of each appointment; what failed three times waits for a person in a second one."""

    def __init__(self, scope: Construct, key: kms.IKey) -> None:
        super().__init__(scope, "Messages")
        self.dead = self._queue("DeadLetters", f"{QUEUE}-dead.fifo", key, None)
        self.queue = self._queue(
            "Notifications",
            f"{QUEUE}.fifo",
            key,
            sqs.DeadLetterQueue(queue=self.dead, max_receive_count=MOST_RECEIVES),
        )
        self.pager = self._topic("Pager", key)
        self.working_hours = self._topic("WorkingHours", key)

    def _queue(self, name: str, queue: str, key: kms.IKey, dead: sqs.DeadLetterQueue | None) -> sqs.Queue:
        return sqs.Queue(
            self,
            name,
            queue_name=queue,
            fifo=True,
            visibility_timeout=VISIBLE_AGAIN,
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            dead_letter_queue=dead,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _topic(self, name: str, key: kms.IKey) -> sns.Topic:
        topic = sns.Topic(self, name, master_key=key, enforce_ssl=True)
        key.grant(iam.ServicePrincipal("cloudwatch.amazonaws.com"), "kms:Decrypt", "kms:GenerateDataKey*")
        return topic
