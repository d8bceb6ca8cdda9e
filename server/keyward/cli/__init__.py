"""The command line. Each command is a module that `app` imports only when it runs."""
