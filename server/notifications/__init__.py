"""The worker that sends notices to patients, and the providers that it uses."""
