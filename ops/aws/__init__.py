"""The system on AWS, written with the AWS CDK; docs/aws.md tells how to deploy it."""
