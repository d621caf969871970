"""Every act in every state of every product, against tables that owe nothing to the fake."""

import pytest

from tests.fake.tables import financial_connections, identity, messages, orders, tax
from tests.fake.transitions import Machine

MODULES = (financial_connections, identity, messages, orders, tax)
MACHINES: tuple[Machine, ...] = tuple(machine for module in MODULES for machine in module.MACHINES)
STATES = [(machine, state) for machine in MACHINES for state in machine.rows]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_a_table_is_whole(machine: Machine) -> None:
    assert set(machine.ways()) == set(machine.rows)
    assert {act for rows in machine.rows.values() for act in rows} <= set(machine.acts)


@pytest.mark.parametrize(("machine", "state"), STATES, ids=lambda item: getattr(item, "name", item))
def test_every_act(machine: Machine, state: str) -> None:
    way = machine.ways()[state]
    for act in machine.acts:
        machine.check(way, state, act)
