"""[delivery]: how reports reach people; secrets come from the environment or from files of their own."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from segmenter.config.base import Section

SECRETS = {"password", "secret", "url", "token"}


class _WithSecrets(Section):
    """A section that names where secrets are kept; a secret written out in it is an error."""

    @model_validator(mode="before")
    @classmethod
    def _no_secret_is_written_out(cls, keys: Any) -> Any:
        found = sorted(SECRETS & set(keys)) if isinstance(keys, dict) else []
        if found:
            raise ValueError(
                f"{found[0]} must not stand in the configuration; put it into an environment variable and name that in "
                f"{found[0]}_env, or into a file that only you can read and name that in {found[0]}_file"
            )
        return keys


class WebhookConfig(_WithSecrets):
    """[delivery.webhooks.NAME]: an address that is told of a report."""

    kind: Literal["json", "slack", "teams"] = Field("json", description="body that the receiver understands")
    url_env: str | None = Field(None, description="environment variable with the address, which is itself a secret")
    url_file: str | None = Field(None, description="file with the address")
    secret_env: str | None = Field(None, description="environment variable with the key that signs the body")
    secret_file: str | None = Field(None, description="file with the key that signs the body")

    @model_validator(mode="after")
    def _address_is_named(self) -> Self:
        if not (self.url_env or self.url_file):
            raise ValueError("a webhook needs url_env or url_file, which name where its address is kept")
        return self


class DeliveryConfig(_WithSecrets):
    """[delivery]: how reports reach people."""

    smtp_host: str = Field("", description="mail server; empty: no mail can be sent")
    smtp_port: int = Field(587, ge=1, le=65535, description="port of the mail server")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="starttls (port 587), tls from the start (port 465), or none for a server on this machine",
    )
    user: str = Field("", description="login name; empty: no login")
    password_env: str | None = Field(None, description="environment variable with the password")
    password_file: str | None = Field(None, description="file with the password, readable by its owner alone")
    sender: str = Field("", description="address that mails come from")
    reply_to: str = Field("", description="address that answers go to; empty: the sender")
    unsubscribe: str = Field("", description="address (mailto: or https:) for List-Unsubscribe; empty: the sender's")
    allowed_domains: tuple[str, ...] = Field((), description="mail domains that may receive anything; empty: all")
    attachment_mib: float = Field(
        10.0,
        gt=0,
        description="size of all attachments of a mail as it is sent, a third more than the files; what does not fit is named instead",
    )
    connect_seconds: float = Field(10.0, gt=0, description="time to connect to a server")
    command_seconds: float = Field(
        60.0, gt=0, description="time for each answer of a server as a whole, and for a webhook's answer"
    )
    accept_seconds: float = Field(
        600.0,
        gt=0,
        description="time to send a mail's lines, and for the answer after the last one (RFC 5321: 10 minutes)",
    )
    give_up_hours: float = Field(
        24.0, gt=0, description="hours after which an undelivered message is given up and its owner told"
    )
    private_addresses: bool = Field(False, description="let webhooks reach addresses inside the own network")
    heartbeat_env: str | None = Field(
        None, description="environment variable with the address of a dead-man's switch that expects a sign of life"
    )
    webhooks: dict[str, WebhookConfig] = Field(
        default_factory=dict, description="tables [delivery.webhooks.NAME] with kind, url_env and secret_env"
    )
