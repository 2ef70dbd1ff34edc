"""What can go wrong while launching: each error says what to do next.

LaunchError
├── ToolMissing      a program this machine does not have
└── ProcessFailed    a process that died or did not become ready in time
"""


class LaunchError(Exception):
    """A server or process could not be brought up, or taken down, as asked."""


class ToolMissing(LaunchError):
    """A program this needs is not installed; the message names the package to install."""


class ProcessFailed(LaunchError):
    """A process died or was not ready by its deadline; the message ends with its last log lines."""
