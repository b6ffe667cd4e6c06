#!/bin/sh
# setup.sh DENSITAS: sees to it that this program can draw. Where it finds no graphics adapter, a software
# Vulkan driver is installed from Debian's packages.
set -eu

if ! "$1" doctor --json | grep -q '"adapters":\[\]'; then
    exit 0
fi
echo "No graphics adapter found: installing a software one (mesa-vulkan-drivers)."
if ! command -v apt-get >/dev/null 2>&1; then
    echo "This is no Debian or Ubuntu: install your system's Mesa Vulkan or OpenGL drivers, then run this again." >&2
    exit 3
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
    as_root="sudo"
fi
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mesa-vulkan-drivers libvulkan1
