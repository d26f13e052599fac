"""Words and flags; every command calls one function below."""


def main() -> int:
    """Run the command line and return the exit status."""
    return 0
