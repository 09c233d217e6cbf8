"""The metrics collector: a sidecar that turns what the training code prints into observations.

It follows one training container (its log through the API server, or a file in a shared volume),
finds the metrics in it and patches ``status.observations`` of its own Trial. It runs beside every
trial in 32 MiB, so nothing here may import anything but the standard library, and nothing else of
Kubetune: the image holds this package alone.

    follow | tail ──► lines ──► parse ──► series ──► report ──► Trial.status.observations
    (bytes)           (lines)   (values)  (≤ 200)    (when)
"""
