"""The durable queue: jobs wait in lines, take turns, run under a lease, and are remembered for a while."""
