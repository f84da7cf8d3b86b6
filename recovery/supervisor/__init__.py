"""Runs web server, worker and beat as one: prepares them, starts them, keeps them up, ends them all."""
