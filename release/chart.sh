#!/bin/sh
# Push the chart of dist/ as an OCI artifact; its digest goes to dist/images.txt, to be signed.
set -eu
: "${REGISTRY:?where to push, such as ghcr.io/team}"
told=$("${HELM:-helm}" push dist/kubetune-*.tgz "oci://$REGISTRY/charts" 2>&1)
echo "$told"
digest=$(echo "$told" | sed -n 's/^Digest: *\(sha256:[0-9a-f]*\)$/\1/p')
echo "$REGISTRY/charts/kubetune@${digest:?helm named no digest}" >> dist/images.txt
