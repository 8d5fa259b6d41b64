"""The local chain: anvil's native binary from the npm package, with its clock at a chosen market time."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from optionix.errors import UserError
from optionix.local import launch

START_SECONDS = 30.0
ACCOUNTS = 30
CHAIN_ID = 31337
MNEMONIC = "test test test test test test test test test test test junk"


def native_binary(name: str, node_modules: Path) -> Path:
    """A Foundry tool's own executable inside its npm package.

    The npm wrappers add a Node process between us and the tool, which swallows exit codes and signals.

    Parameters
    ----------
    name
        anvil, forge or cast.
    node_modules
        Folder of the npm packages.

    Raises
    ------
    UserError
        The package was not installed, or has no binary for this platform.
    """
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower()
    )
    binary = node_modules / "@foundry-rs" / f"{name}-{platform.system().lower()}-{machine}" / "bin" / name
    if not binary.is_file():
        raise UserError(f"{name} is not installed ({binary} is missing).", "Run `make up`, which runs `npm ci`.")
    return binary


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Anvil:
    """A local chain.

    Parameters
    ----------
    port
        Loopback port; 0 takes a free one.
    timestamp
        Time of the genesis block, seconds; the wall clock's when None.
    chain_id
        Chain id.
    state
        File that the chain is continued from when it exists, and written to at the end and every `state_interval`.
    state_interval
        Seconds between two writes of `state`.
    accounts
        How many funded accounts of the well-known mnemonic are unlocked.
    slots_in_an_epoch
        The finalised block lags the head by twice this number of blocks; anvil's own default is 32.
    history
        Past blocks at which contracts can be read. anvil keeps a whole copy of the state for each, and by default goes
        on to write gigabytes of them into the home folder.
    options
        More command-line options.
    node_modules
        Folder of the npm packages; the project's own by default.
    log
        Log file; beside `state`, or in the temporary folder.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        timestamp: int | None = None,
        chain_id: int = CHAIN_ID,
        state: Path | None = None,
        state_interval: int = 30,
        accounts: int = ACCOUNTS,
        slots_in_an_epoch: int | None = None,
        history: int = 256,
        options: tuple[str, ...] = (),
        node_modules: Path | None = None,
        log: Path | None = None,
    ) -> None:
        from optionix.settings import settings  # the settings know this package's layout: imported late

        self.port = port or free_port()
        self.timestamp = timestamp
        self.chain_id = chain_id
        self.state = state
        self.state_interval = state_interval
        self.accounts = accounts
        self.slots_in_an_epoch = slots_in_an_epoch
        self.history = history
        self.options = options
        self.node_modules = node_modules or settings().node_modules
        folder = state.parent if state else Path(tempfile.gettempdir())
        self.log = log or folder / f"anvil-{os.getpid()}-{self.port}.log"
        self._own_log = log is None and state is None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """JSON-RPC endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """JSON-RPC endpoint over WebSocket."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the running chain."""
        if self._process is None:
            raise RuntimeError("anvil was not started here")
        return self._process.pid

    def launch(self) -> launch.Launch:
        """The chain's command line."""
        words = [
            *("--host", "127.0.0.1", "--port", str(self.port), "--chain-id", str(self.chain_id), "--quiet"),
            *("--accounts", str(self.accounts), "--mnemonic", MNEMONIC),
            *("--prune-history", str(self.history)),
        ]
        if self.timestamp is not None:
            words += ["--timestamp", str(self.timestamp)]
        if self.state is not None:
            words += ["--state", str(self.state), "--state-interval", str(self.state_interval)]
        if self.slots_in_an_epoch is not None:
            words += ["--slots-in-an-epoch", str(self.slots_in_an_epoch)]
        binary = native_binary("anvil", self.node_modules)
        return launch.Launch(name="anvil", argv=(str(binary), *words, *self.options))

    def rpc(self, method: str, *params: Any, seconds: float = 10.0) -> Any:
        """One JSON-RPC call.

        Raises
        ------
        OSError
            The chain did not answer within `seconds`.
        RuntimeError
            It answered with an error.
        """
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            result = json.load(answer)
        if "error" in result:
            raise RuntimeError(f"{method}: {result['error'].get('message', result['error'])}")
        return result["result"]

    def answers(self, seconds: float = 2.0) -> bool:
        """Whether the chain says its head, and that it is the chain we mean, within `seconds`."""
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            return int(self.rpc("eth_chainId", seconds=seconds), 16) == self.chain_id
        return False

    def continue_clock(self) -> None:
        """Lets the clock of a continued chain go on from its head: anvil alone would go back to the genesis time."""
        if self.timestamp is not None:
            head = self.rpc("eth_getBlockByNumber", "latest", False)
            self.rpc("evm_setTime", int(head["timestamp"], 16))

    def start(self) -> None:
        """Starts the chain and waits until it answers."""
        if self.state is not None:
            self.state.parent.mkdir(parents=True, exist_ok=True)
        self._process = self.launch().start(self.log)
        try:
            launch.wait_until(self.answers, self._process, "anvil", self.log, START_SECONDS)
            self.continue_clock()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the chain; it writes its state first."""
        if self._process is not None:
            launch.stop(self._process)
            self._process = None
        if self._own_log:
            self.log.unlink(missing_ok=True)

    def __enter__(self) -> Anvil:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
