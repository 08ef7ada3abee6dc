"""Commands about accounts, patients, displays and notices to patients."""
