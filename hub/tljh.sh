#!/usr/bin/env bash
# A class on one server, with The Littlest JupyterHub: run as root in a clone that everybody may read, such as
# /srv/recwidgets. Each value is explained in docs/howto/hub.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
prefix="${TLJH_PREFIX:-/opt/tljh}"

# The packages and the weights: once for all, in the environment that users can read and not write.
NB_PYTHON_PREFIX="$prefix/user" PATH="$prefix/user/bin:$PATH" binder/postBuild
install -D -m 644 hub/recwidgets_config.py "$prefix/config/jupyterhub_config.d/recwidgets_config.py"

config="$prefix/hub/bin/tljh-config"
"$config" set limits.memory 1G
"$config" set limits.cpu 1
"$config" set services.cull.timeout 3600
"$config" set services.cull.every 300
"$config" set user_environment.default_app jupyterlab
"$config" reload
