"""An address that no host can have is a mistake in use, told as one; what slips through is a registry out of reach."""

import pytest

from agent.errors import RegistryUnavailable, UsageError
from tests.unit.registry.helpers import client_for
from tests.unit.server_stub.samples import evidence_of


@pytest.mark.parametrize(
    "host", ["a..b", ".example", f"{'a' * 64}.example", "a b", "*.example", "münchen..example", "ü" * 64], ids=repr
)
def test_impossible_host_is_a_mistake_in_use(host):
    with pytest.raises(UsageError, match="no address") as caught:
        client_for(f"https://{host}")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "host", ["registry.example.", f"{'a' * 63}.example", "münchen.example", "[2001:db8::1]:8443"]
)
def test_possible_host_is_taken(host):
    assert client_for(f"https://{host}").base_url == f"https://{host}"


@pytest.mark.parametrize("proxy", ["http://a..b:3128", f"http://{'a' * 64}:3128"])
def test_impossible_name_of_a_proxy_is_a_registry_out_of_reach(monkeypatch, proxy):
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(RegistryUnavailable, match="can't be reached"):
        client_for("https://registry.example", attempts=1).upload(evidence_of(1))
