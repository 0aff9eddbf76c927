"""SMTP as the mailer."""
