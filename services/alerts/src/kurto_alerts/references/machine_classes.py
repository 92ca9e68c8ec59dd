"""Machine classes as the registry declares them, as they are stored, and their limits."""

import functools

from kurto.assets.v1 import assets_pb2
from kurto_dsp.condition import (
    Iso10816Class,
    MachineGroup,
    Support,
    ZoneTable,
    iso_10816_1_table,
    iso_10816_3_table,
)

_GROUPS = {
    assets_pb2.MACHINE_GROUP_1: MachineGroup.GROUP_1,
    assets_pb2.MACHINE_GROUP_2: MachineGroup.GROUP_2,
}
_SUPPORTS = {
    assets_pb2.MACHINE_SUPPORT_RIGID: Support.RIGID,
    assets_pb2.MACHINE_SUPPORT_FLEXIBLE: Support.FLEXIBLE,
}
_CLASSES = {
    assets_pb2.GENERAL_MACHINE_CLASS_I: Iso10816Class.CLASS_I,
    assets_pb2.GENERAL_MACHINE_CLASS_II: Iso10816Class.CLASS_II,
    assets_pb2.GENERAL_MACHINE_CLASS_III: Iso10816Class.CLASS_III,
    assets_pb2.GENERAL_MACHINE_CLASS_IV: Iso10816Class.CLASS_IV,
}


def declared_class(declared: assets_pb2.MachineClass) -> str:
    """Return the name of a machine class, such as "group_2,rigid" or "class_ii"; "" for none."""
    kind = declared.WhichOneof("standard")
    if kind == "general" and declared.general in _CLASSES:
        return _CLASSES[declared.general].value
    if kind == "industrial":
        group = _GROUPS.get(declared.industrial.group)
        support = _SUPPORTS.get(declared.industrial.support)
        if group is not None and support is not None:
            return f"{group.value},{support.value}"
    return ""


@functools.lru_cache(maxsize=64)
def zone_table(machine_class: str) -> ZoneTable | None:
    """Return the limits of a machine class by its name; None for none, and for an unknown one."""
    group, comma, support = machine_class.partition(",")
    try:
        if comma:
            return iso_10816_3_table(MachineGroup(group), Support(support))
        return iso_10816_1_table(Iso10816Class(group))
    except ValueError:
        return None
