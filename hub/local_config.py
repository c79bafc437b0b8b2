"""The same settings on this machine alone, to try or to measure: jupyterhub -f hub/local_config.py

Anybody may log in under any name, and each server is a process of whoever started the hub: never for a class.
RECWIDGETS_HUB_PORT: the first of three ports. RECWIDGETS_HUB_SERVER: the user's server, RECWIDGETS_HUB_PROXY:
configurable-http-proxy, where they are not in the PATH. RECWIDGETS_HUB_TOKEN: for a program that starts servers.
"""

import os
from pathlib import Path

c = get_config()  # JupyterHub gives it to this file
load_subconfig(str(Path(__file__).with_name("recwidgets_config.py")))  # so does it this

port = int(os.environ.get("RECWIDGETS_HUB_PORT", "8000"))
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_ip, c.JupyterHub.hub_port = "127.0.0.1", port + 1
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [os.environ.get("RECWIDGETS_HUB_PROXY", "configurable-http-proxy")]
c.JupyterHub.authenticator_class, c.Authenticator.allow_all = "dummy", True
c.JupyterHub.spawner_class = "simple"
c.Spawner.ip = "127.0.0.1"
c.Spawner.cmd = [os.environ.get("RECWIDGETS_HUB_SERVER", "jupyterhub-singleuser")]
c.Spawner.args = [*c.Spawner.args, "--allow-root"]
c.SimpleLocalProcessSpawner.home_dir_template = str(Path.cwd() / "homes" / "{username}")
if token := os.environ.get("RECWIDGETS_HUB_TOKEN"):
    c.JupyterHub.services = [{"name": "measure", "api_token": token}]
    c.JupyterHub.load_roles = [
        {"name": "measure", "services": ["measure"], "scopes": ["admin:users", "admin:servers", "access:servers"]}
    ]
