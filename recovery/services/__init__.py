"""Embedded PostgreSQL and Valkey: real servers with nothing to install, for running and testing.

One keeper process per data folder owns both servers. Whoever needs them holds a connection to
the keeper; the kernel closes it when the holder ends, however it ends, so no list of users can
go stale. The keeper restarts a server that dies, and stops both soon after its last user left.
"""
