"""The error that people see: one line that says what is wrong and what to do about it."""


class UserError(Exception):
    """Something that the person at the keyboard can mend.

    The command line prints it as one line on stderr and exits with `exit_code`; a traceback is shown only with
    `--debug`.

    Parameters
    ----------
    message
        What is wrong, in one sentence, with the value that offended.
    hint
        What to do about it; empty when the message says it already.
    exit_code
        The exit code of the command, never 0.
    """

    def __init__(self, message: str, hint: str = "", *, exit_code: int = 1) -> None:
        if exit_code == 0:
            raise ValueError("an error cannot exit with 0")
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        stop = "" if self.message.endswith((".", "!", "?", ":")) else "."
        return f"{self.message}{stop} {self.hint}"
