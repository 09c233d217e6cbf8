#!/bin/sh
# Build both images for every platform and push them; the digests of what was pushed go into dist/.
#
#   REGISTRY=ghcr.io/team release/images.sh
#
# The layers carry the date of the commit, so that anyone can build them again and compare. The
# build's own record (provenance) and the list of all that the images hold (SBOM) are pushed beside
# them. VERSION, REVISION and SOURCE_DATE_EPOCH come from `make images`.
set -eu
: "${REGISTRY:?where to push, such as ghcr.io/team}" "${VERSION:?}" "${REVISION:?}" "${SOURCE_DATE_EPOCH:?}"
export SOURCE_DATE_EPOCH
mkdir -p dist
for target in operator collector; do
    name="$REGISTRY/kubetune/$target"
    docker buildx build \
        --file operator/Dockerfile \
        --target "$target" \
        --platform "${PLATFORMS:-linux/amd64,linux/arm64}" \
        --build-arg "VERSION=$VERSION" \
        --build-arg "REVISION=$REVISION" \
        ${SOURCE:+--label "org.opencontainers.image.source=$SOURCE"} \
        --provenance=mode=max \
        --sbom=true \
        --output "type=image,name=$name:$VERSION,push=true,rewrite-timestamp=true" \
        --metadata-file "dist/$target.json" \
        .
    digest=$(sed -n 's/.*"containerimage.digest": *"\(sha256:[0-9a-f]*\)".*/\1/p' "dist/$target.json")
    rm "dist/$target.json"
    echo "$name@${digest:?buildx named no digest}" >> dist/images.txt
done
