"""Start, settings, folders and end of a session."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.capabilities import get_capability

from ..session import settings_files
from . import convert

if TYPE_CHECKING:
    from .server import Server

SECTION = "keyward"
INSTALLED = ("*.{dist-info,egg-info,egg,egg-link,pth}", "*.dist-info/RECORD")
"""What comes or goes in a folder of libraries when one is installed or removed; a removed folder is one event."""
WATCHED = (
    "**/*.py",
    *(f"**/{name}" for name in settings_files.NAMES),
    "**/{.venv,venv}",
    "**/pyvenv.cfg",
    *(f"**/site-packages/{pattern}" for pattern in INSTALLED),
)
_LIBRARIES = "keyward/libraries"


def initialize(server: Server, parameters: types.InitializeParams) -> None:
    client = parameters.capabilities
    workspace = server.session.workspace
    options = parameters.initialization_options if isinstance(parameters.initialization_options, dict) else {}
    workspace.trusted = options.get("trusted", True) is True
    workspace.start_with(options)
    folders = parameters.workspace_folders
    root = parameters.root_uri or (convert.to_uri(parameters.root_path) if parameters.root_path else None)
    if folders is None and root is not None:
        folders = [types.WorkspaceFolder(uri=root, name="")]
    workspace.add_folders(convert.to_path(folder.uri) for folder in folders or ())
    server.unit = convert.to_unit(server.workspace.position_encoding)
    asks = get_capability(client, "text_document.diagnostic") is not None
    # Without the refresh request a client that asks would not learn that an index is ready.
    if asks and get_capability(client, "workspace.diagnostics.refresh_support"):
        server.offer_diagnostics()


def initialized(server: Server, parameters: types.InitializedParams) -> None:
    client = server.client_capabilities
    registrations = []
    if get_capability(client, "workspace.did_change_watched_files.dynamic_registration"):
        watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
        registrations.append(_registration(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if get_capability(client, "workspace.did_change_configuration.dynamic_registration"):
        options_ = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        registrations.append(_registration(types.WORKSPACE_DID_CHANGE_CONFIGURATION, options_))
    if registrations:
        server.ask(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(registrations=registrations))
    _ask_for_settings(server)


def watch_libraries(server: Server) -> None:
    """Has the client tell when something is installed where no workspace folder is, if it can do that."""
    support = get_capability(server.client_capabilities, "workspace.did_change_watched_files")
    if support is None or not (support.dynamic_registration and support.relative_pattern_support):
        return
    workspace = server.session.workspace
    inside = [Path(folder) for folder in workspace.folders]
    folders = {folder for folder in workspace.watched if not any(map(folder.is_relative_to, inside))}
    if folders == server.watched:
        return
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    if server.watched:
        gone = types.Unregistration(id=_LIBRARIES, method=method)
        server.ask(types.CLIENT_UNREGISTER_CAPABILITY, types.UnregistrationParams(unregisterations=[gone]))
    server.watched = folders
    if folders:
        patterns = [
            types.RelativePattern(base_uri=convert.to_uri(str(folder)), pattern=pattern)
            for folder in sorted(folders)
            for pattern in INSTALLED
        ]
        options = types.DidChangeWatchedFilesRegistrationOptions(
            watchers=[types.FileSystemWatcher(glob_pattern=pattern) for pattern in patterns]
        )
        registration = types.Registration(id=_LIBRARIES, method=method, register_options=options)
        server.ask(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(registrations=[registration]))


def did_change_configuration(server: Server, parameters: types.DidChangeConfigurationParams) -> None:
    if _ask_for_settings(server):
        return
    settings = parameters.settings
    section = settings.get(SECTION) if isinstance(settings, dict) else None
    if isinstance(section, dict):
        server.session.workspace.configure(section)


def did_change_workspace_folders(server: Server, parameters: types.DidChangeWorkspaceFoldersParams) -> None:
    workspace = server.session.workspace
    workspace.remove_folders(convert.to_path(folder.uri) for folder in parameters.event.removed)
    workspace.add_folders(convert.to_path(folder.uri) for folder in parameters.event.added)
    _ask_for_settings(server)
    server.diagnostics.outdated()


def shutdown(server: Server, parameters: None) -> None:
    server.close()


def _ask_for_settings(server: Server) -> bool:
    """Asks the client for the settings of each folder; False: it cannot be asked."""
    if not get_capability(server.client_capabilities, "workspace.configuration"):
        return False
    workspace = server.session.workspace
    folders = [None, *workspace.folders]
    items = [
        types.ConfigurationItem(section=SECTION, scope_uri=None if folder is None else convert.to_uri(folder))
        for folder in folders
    ]

    def answered(done: Any) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        _adopt(server, zip(folders, done.result() or (), strict=False))

    server.ask(types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items=items)).add_done_callback(answered)
    return True


def _adopt(server: Server, answers: Iterable[tuple[str | None, Any]]) -> None:
    for folder, raw in answers:
        if isinstance(raw, dict):
            server.session.workspace.configure(raw, folder)


def _registration(method: str, options: Any) -> types.Registration:
    return types.Registration(id=f"keyward/{method}", method=method, register_options=options)


NOTIFICATIONS: dict[str, Any] = {
    types.INITIALIZE: initialize,
    types.INITIALIZED: initialized,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: did_change_workspace_folders,
    types.SHUTDOWN: shutdown,
}
