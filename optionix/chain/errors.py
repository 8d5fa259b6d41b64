"""What can go wrong between us and a chain, each as its own type with what the user can do."""

from __future__ import annotations

from typing import Any

from optionix.errors import UserError


class ChainError(UserError):
    """Base of every error of `optionix.chain`."""


class RpcUnavailable(ChainError):
    """The endpoint cannot be reached or answers something that is not JSON-RPC."""


class RpcTimeout(RpcUnavailable):
    """The endpoint did not answer in time."""


class RateLimited(RpcUnavailable):
    """The endpoint asks for fewer requests (HTTP 429 or the node's own code).

    Attributes
    ----------
    retry_after : seconds that the endpoint asks to wait, or None.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RpcError(ChainError):
    """The node answered with an error object.

    Attributes
    ----------
    code : JSON-RPC error code.
    node_message : the node's words.
    data : the error's data, for a revert its return data as 0x text.
    """

    def __init__(self, method: str, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.node_message = message
        self.data = data


class TooManyResults(RpcError):
    """The node refuses a range of logs as too large: ask for fewer blocks.

    Attributes
    ----------
    most_blocks : how many blocks it says that it would answer, None where it does not say.
    """

    def __init__(
        self, method: str, code: int, message: str, data: Any = None, *, most_blocks: int | None = None
    ) -> None:
        super().__init__(method, code, message, data)
        self.most_blocks = most_blocks


class WrongChain(ChainError):
    """The endpoint serves another chain than the one asked for."""


class Reverted(ChainError):
    """A call or transaction that the contracts refused.

    Attributes
    ----------
    name : the custom error's name, `Error` for a text reason, `Panic`, or `Unknown`.
    args_by_name : its values by their names in the ABI.
    data : the raw return data, 0x text.
    transaction : hash of the mined transaction, where there is one.
    """

    def __init__(self, name: str, args_by_name: dict[str, Any], data: str, transaction: str | None = None) -> None:
        values = ", ".join(f"{key}={value}" for key, value in args_by_name.items())
        mined = f" in transaction {transaction}" if transaction else ""
        super().__init__(f"{name}({values}){mined}")
        self.name = name
        self.args_by_name = args_by_name
        self.data = data
        self.transaction = transaction


class TransactionTimeout(ChainError):
    """A transaction was sent and is not mined yet; it may still be."""

    def __init__(self, transaction: str, seconds: float) -> None:
        super().__init__(
            f"transaction {transaction} is not mined after {seconds:g} s; it may still be: look for its receipt"
        )
        self.transaction = transaction


class DeploymentMissing(ChainError):
    """There is no deployment of a network where it should be described."""
