"""JupyterHub's settings for a class with recwidgets: the same for The Littlest JupyterHub and for any other hub.

TLJH reads it from /opt/tljh/config/jupyterhub_config.d/; another hub with load_subconfig("recwidgets_config.py"). Each
value is explained in docs/howto/hub.md.
"""

c = get_config()  # JupyterHub gives it to this file

c.Spawner.default_url = "/lab"
c.Spawner.environment.update(
    {
        "RECWIDGETS_BACKEND": "numpy",  # a training in 360 MB in place of 950
        "TF_USE_LEGACY_KERAS": "1",  # what TensorFlow Recommenders needs, for whoever takes TensorFlow all the same
    }
)
# A notebook that was left open keeps a kernel of some 200 MB: an hour without a cell that runs, and it is ended. The
# server itself is the idle culler's.
c.Spawner.args = ["--MappingKernelManager.cull_idle_timeout=3600", "--MappingKernelManager.cull_interval=300"]
c.JupyterHub.concurrent_spawn_limit = 20  # a class that comes at once: the rest waits, and is told so
# Ten servers that start at once on two cores take longer than the half minute that a hub waits.
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
