"""The settings for a class on a hub: they load, say the same on each road, and the script does what the page says."""

import os
import re
import subprocess

import pytest
from traitlets.config.loader import PyFileConfigLoader

yaml = pytest.importorskip("yaml")


def settings(repo, name="recwidgets_config.py"):
    """What JupyterHub would take from a file, after what it has itself."""
    loader = PyFileConfigLoader(name, path=str(repo / "hub"))
    found = loader.load_config()
    spawner = found.Spawner
    # environment is a change of what a hub has already: a hub with nothing in it
    return found, spawner.environment.get_value({})


@pytest.fixture
def values(repo):
    return yaml.safe_load((repo / "hub" / "values.yaml").read_text(encoding="utf-8"))


def test_both_hubs_train_with_numpy_and_start_in_jupyterlab(repo, values):
    found, environment = settings(repo)
    assert environment == {"RECWIDGETS_BACKEND": "numpy", "TF_USE_LEGACY_KERAS": "1"}
    single = values["singleuser"]
    assert {name: single["extraEnv"][name] for name in environment} == environment
    assert found.Spawner.default_url == single["defaultUrl"] == "/lab"
    assert found.Spawner.start_timeout == single["startTimeout"]
    assert found.Spawner.http_timeout == values["hub"]["config"]["KubeSpawner"]["http_timeout"]
    assert found.JupyterHub.concurrent_spawn_limit == values["hub"]["concurrentSpawnLimit"]


def test_on_this_machine_alone_the_same_settings_are_served_to_this_machine_alone(repo):
    found, environment = settings(repo, "local_config.py")
    assert environment["RECWIDGETS_BACKEND"] == "numpy"
    addresses = (found.JupyterHub.bind_url, found.ConfigurableHTTPProxy.api_url, f"http://{found.JupyterHub.hub_ip}")
    assert all(address.startswith("http://127.0.0.1") for address in addresses)
    assert found.Spawner.ip == "127.0.0.1"
    assert "--MappingKernelManager.cull_idle_timeout=3600" in found.Spawner.args
    assert "load_roles" not in found.JupyterHub  # no token, no program that starts servers


def test_what_is_shared_cannot_be_written(values):
    storage = values["singleuser"]["storage"]
    (volume,), (mount,) = storage["extraVolumes"], storage["extraVolumeMounts"]
    assert volume["name"] == mount["name"]
    assert volume["persistentVolumeClaim"]["readOnly"] is mount["readOnly"] is True
    assert values["singleuser"]["extraEnv"]["RECWIDGETS_ML100K"].startswith(mount["mountPath"] + "/")


@pytest.mark.skipif(os.name == "nt", reason="the server is Linux")
def test_the_script_for_one_server_installs_once_and_sets_what_the_other_hub_has(repo, values, tmp_path):
    """TLJH's programs only write down how they were called: it needs a server of its own."""
    said = tmp_path / "said"
    for name in ("user/bin/python", "user/bin/uv", "hub/bin/tljh-config"):
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "{program.name} $*" >> {said}\n', encoding="utf-8")
        program.chmod(0o755)
    environment = os.environ | {"TLJH_PREFIX": str(tmp_path)}
    subprocess.run([repo / "hub" / "tljh.sh"], env=environment, check=True, capture_output=True)
    calls = said.read_text(encoding="utf-8").splitlines()
    (install,) = [call for call in calls if call.startswith("uv pip install")]
    assert f"--python {tmp_path}/user/bin/python" in install
    copied = tmp_path / "config" / "jupyterhub_config.d" / "recwidgets_config.py"
    assert copied.read_bytes() == (repo / "hub" / "recwidgets_config.py").read_bytes()
    told = dict(re.findall(r"^tljh-config set (\S+) (\S+)$", "\n".join(calls), re.MULTILINE))
    single = values["singleuser"]
    assert told == {
        "limits.memory": single["memory"]["limit"],
        "limits.cpu": str(single["cpu"]["limit"]),
        "services.cull.timeout": str(values["cull"]["timeout"]),
        "services.cull.every": str(values["cull"]["every"]),
        "user_environment.default_app": "jupyterlab",
    }
    assert calls[-1] == "tljh-config reload"
