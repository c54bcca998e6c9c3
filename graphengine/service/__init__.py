"""Jobs that outlive the process: a durable queue, a log of events, a library of workflows; no network and no torch."""
