"""What docs/vault.md tells users to paste."""

import re
from pathlib import Path

import pytest

from ci_secrets.config.file import load
from ci_secrets.stores import open_store
from ci_secrets.stores.interface import Outcome
from ci_secrets.stores.vault import close, keep, keep_leases, lease_end

PAGE = Path(__file__).parents[4] / "docs" / "vault.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_configuration_is_valid(tmp_path: Path, number: int) -> None:
    """Each example is a whole configuration that loads, and whose stores can be opened."""
    file = tmp_path / "ci-secrets.yaml"
    file.write_text(BLOCKS[number])
    config = load(file, {})
    assert config.stores
    for store in config.stores.values():
        open_store(store, {})


def test_the_policy_holds_every_line_that_we_ask_for() -> None:
    """Whatever line an error or a report tells to paste stands in the policy of the page."""
    page = re.sub(r"\s+", " ", PAGE.read_text())
    asked = "\n".join(
        (
            close.LOOK_UP_SELF,
            close.REVOKE_SELF,
            lease_end.LEASES,
            keep.RENEW_SELF,
            keep_leases.RENEW_LEASE,
        )
    )
    for line in asked.splitlines():
        assert line in page


def test_every_outcome_is_explained() -> None:
    """Each word that a report may use stands in the table."""
    page = PAGE.read_text()
    assert [each for each in Outcome if f"`{each}`" not in page] == []
