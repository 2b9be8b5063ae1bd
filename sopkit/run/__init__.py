"""The runner: a month's notebooks through papermill, a kernel each, with a record of its own."""
