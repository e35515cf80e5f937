"""What only the control plane has at the start: somebody else's cluster, whose things leak into ours, and secrets by name."""

from __future__ import annotations

from tui.emulator.dployr.current.accounts import Members
from tui.emulator.dployr.services import Service
from tui.emulator.dployr.state import Fleet, Instance


def furnish(fleet: Fleet, members: Members) -> None:
    """Add the lab's machine and services, and a secret to whatever has a variable."""
    made = fleet.world.start - 86400.0 * 20
    machine = Instance(
        id=fleet.id("instance", made),
        tag="lab-1",
        address="10.9.0.1",
        region="ap-south",
        role="instance",
        status="healthy",
        cpus=2,
        load=0.1,
        memory=4 * 2**30,
        disk=40 * 2**30,
        created=made,
        updated=made,
        cluster=members.lab.id,
    )
    fleet.instances[machine.id] = machine
    for service in fleet.services.values():
        service.secrets = dict.fromkeys(["DB_PASSWORD"] if service.env else [], service.created)
    for number, name in enumerate(("lab-api", "lab-cron")):
        one = Service(id=fleet.id("service", made + number), name=name, created=made, updated=made, instance_id=machine.id, rate=0.1)
        one.spells.append((made, "steady"))
        one.cluster = members.lab.id
        fleet.keep(one)
