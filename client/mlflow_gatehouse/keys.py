"""A set of AWS keys that can't be printed by accident."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Keys:
    """What a signature is made with; the shape that botocore's signer reads, without its telling repr."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires: float | None = None
    """Seconds since the epoch, or None when the source refreshes by itself."""

    def scrub(self, text: str) -> str:
        """Return the text without these keys, for a message that a server wrote."""
        for secret in (self.secret_key, self.token):
            if secret:
                text = text.replace(secret, "***")
        return text
