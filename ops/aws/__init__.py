"""The system on AWS, written with the AWS CDK; docs/aws.md says how to deploy it."""
