"""Why a Redis cannot be spoken to, and what to do about it, by what its client raised (pure)."""


def remedy_of(error: Exception) -> str | None:
    """What to do about a Redis that answers and refuses every write for a while; None where that is not the matter.

    By its words: what a script was refused comes as a plain error of the script.
    """
    said = str(error)
    if "used memory > 'maxmemory'" in said:
        return "raise its maxmemory, or make room with IMAGESIEVE_FEATURE_ENCODING=int8 and fewer files"
    if "read only replica" in said:
        return "it is a replica: name the primary in IMAGESIEVE_STORE_URL and IMAGESIEVE_BROKER_URL"
    if "MISCONF" in said:
        return "the disk of its append-only file is full or broken: make room there"
    return None


def describe_absence(error: Exception) -> str:
    """Why a Redis cannot be spoken to, and what to do about it where it is there and does not let us in."""
    said = str(error)
    remedies = {
        "check user and password in its URL": ("username-password", "invalid password", "Authentication required"),
        "its user has too few rights: docs/security.md lists them": ("no permissions",),
        "name who signed it, at the end of its URL: ?ssl_ca_certs=/path/to/ca.pem; spell the host as it does": (
            "certificate verify failed",
        ),
    }
    for remedy, words in remedies.items():
        if any(word in said for word in words):
            return f"does not let us in: {said}; {remedy}"
    return f"does not answer: {said}"
