#!/bin/sh
# Sees to it that drawing can work: installs a software Vulkan driver from Debian's packages if the
# machine has no adapter. Needs nothing if there is one.
set -eu

has_adapter() {
    # A Vulkan driver or Mesa's OpenGL is enough.
    ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json >/dev/null 2>&1 && has_library libvulkan.so.1 && return 0
    has_library libEGL_mesa.so.0 && has_library libEGL.so.1 && return 0
    [ "$(uname -s)" != Linux ]
}

has_library() {
    (ldconfig -p 2>/dev/null || /sbin/ldconfig -p) | grep -q "$1"
}

if has_adapter; then
    exit 0
fi
echo "No graphics driver found: installing a software one (mesa-vulkan-drivers)."
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
