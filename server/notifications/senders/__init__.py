"""What hands letters to providers: SMTP relays, Amazon SNS, the log."""
