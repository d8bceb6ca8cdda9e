// Starts `keyward serve` for Python files and leaves everything else to the server.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;

async function start() {
  const [command, ...args] = vscode.workspace.getConfiguration("keyward").get("command");
  client = new LanguageClient(
    "keyward",
    "Keyward",
    { command, args },
    {
      documentSelector: [{ scheme: "file", language: "python" }],
      synchronize: { configurationSection: "keyward" },
      initializationOptions: { trusted: vscode.workspace.isTrusted },
    },
  );
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `Keyward: "${command}" could not be started (${error.message}). Install keyward, or set keyward.command.`,
    );
  }
}

async function restart() {
  await client?.dispose().catch(() => {});
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("keyward.restart", restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    // Back from a terminal, say, where something was installed: the server looks, without the name of any file.
    vscode.window.onDidChangeWindowState(
      (state) => state.focused && client?.isRunning() && client.sendNotification("workspace/didChangeWatchedFiles", { changes: [] }),
    ),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("keyward.command") && restart()),
  );
  await start();
}

async function deactivate() {
  await client?.dispose();
}

module.exports = { activate, deactivate };
