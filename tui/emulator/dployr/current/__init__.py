"""dployr as the control plane really answers: cookies and ``dpat_`` tokens, clusters, envelopes, camelCase, epoch milliseconds."""
