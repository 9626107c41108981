"""The dashboards: what Grafana is given, without a Grafana; queries: tests/kafka/test_scrape.py."""

from itertools import combinations
from typing import Any, Final

import pytest
import yaml

from tests.observability.written import FOLDER, ROOT, dashboards

KINDS: Final = {"row", "stat", "bargauge", "timeseries", "table"}
UNITS: Final = {"none", "s", "currencyEUR", "cps", "reqps"}
COLUMNS: Final = 24
NAMES: Final = sorted(dashboards())


def provisioning(name: str) -> Any:
    path = FOLDER / "grafana" / "provisioning" / name
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_panel_says_what_it_shows_in_a_unit_and_asks_the_one_source(name: str) -> None:
    (source,) = provisioning("datasources/prometheus.yml")["datasources"]
    panels = dashboards()[name]["panels"]
    assert list(range(1, len(panels) + 1)) == [panel["id"] for panel in panels]
    titles = [panel["title"] for panel in panels]
    assert sorted(set(titles)) == sorted(titles)
    for panel in panels:
        assert panel["type"] in KINDS
        if panel["type"] == "row":
            continue
        assert {"type": "prometheus", "uid": source["uid"]} == panel["datasource"]
        assert panel["targets"], panel["title"]
        assert panel["type"] == "table" or panel["fieldConfig"]["defaults"]["unit"] in UNITS
        if panel["type"] == "stat":
            assert "—" == panel["fieldConfig"]["defaults"]["noValue"], "unknown is not 0"


@pytest.mark.parametrize("name", NAMES)
def test_no_panel_lies_on_another_or_beyond_the_page(name: str) -> None:
    places = [panel["gridPos"] for panel in dashboards()[name]["panels"]]
    assert all(0 <= at["x"] and at["x"] + at["w"] <= COLUMNS for at in places)
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)


def test_grafana_knows_its_dashboards_and_data_sources() -> None:
    stack = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    mounts = dict(each.split(":")[:2] for each in stack["grafana"]["volumes"])
    (provider,) = provisioning("dashboards/ecluse.yml")["providers"]
    assert provider["options"]["path"] == mounts["./deploy/observability/grafana/dashboards"]
    home = stack["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/business.json"
    (source,) = provisioning("datasources/prometheus.yml")["datasources"]
    assert "http://prometheus:9090" == source["url"]
    uids = [board["uid"] for board in dashboards().values()]
    assert ["ecluse-business", "ecluse-technical"] == uids
