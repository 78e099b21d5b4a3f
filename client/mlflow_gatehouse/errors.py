"""What can go wrong before a request leaves, each with what to do about it."""


class GatehouseError(Exception):
    """Base of every error of this package; the message says what to do and holds no secret."""


class SettingsError(GatehouseError):
    """A setting is missing or can't be right."""


class CredentialsError(GatehouseError):
    """There are no AWS credentials, they have expired, or STS refused them."""


class RefusedError(GatehouseError):
    """Sending the request as asked would expose it, so it isn't sent."""
