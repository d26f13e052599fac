"""A report -> people: e-mail, webhook, folder, through an outbox with retries."""
