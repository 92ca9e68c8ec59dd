"""AssetService: the registry of sites, machines and sensors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from kurto.assets.v1 import asset_service_pb2 as pb
from kurto.assets.v1 import asset_service_pb2_grpc
from kurto_ingest.assets.config_follower import ConfigFollower
from kurto_ingest.assets.conversion import (
    machine_from_message,
    machine_message,
    sensor_from_message,
    sensor_message,
    site_from_message,
    site_message,
)
from kurto_ingest.assets.ports import PlaceStore, SensorStore
from kurto_ingest.assets.validation import check_id, check_machine, check_sensor, check_site
from kurto_ingest.paging import (
    cursor_from_revision,
    page_limit,
    page_start,
    page_token,
    revision_from_cursor,
)
from kurto_service.identity import requires

__all__ = ["AssetServicer"]

Context = grpc.aio.ServicerContext[Any, Any]
_PAGE_SIZE = 100
_WATCH_PAGE = 200


class AssetServicer(asset_service_pb2_grpc.AssetServiceServicer):
    """Serves the registry.

    Parameters
    ----------
    places, sensors : PlaceStore, SensorStore
        Keep it.
    follower : ConfigFollower
        Tells of changes.
    heartbeat_s : float
        Time between two messages of a watch at most.
    """

    def __init__(
        self,
        *,
        places: PlaceStore,
        sensors: SensorStore,
        follower: ConfigFollower,
        heartbeat_s: float,
    ) -> None:
        self._places = places
        self._sensors = sensors
        self._follower = follower
        self._heartbeat_s = heartbeat_s
        self._draining = asyncio.Event()

    async def drain(self) -> None:
        """End all watches."""
        self._draining.set()

    # Sites

    @requires("engineer")
    async def CreateSite(self, request: pb.CreateSiteRequest, context: Context) -> Any:
        """Create a site."""
        site = site_from_message(request.site)
        check_site(site)
        return pb.CreateSiteResponse(site=site_message(await self._places.create_site(site)))

    @requires("viewer")
    async def GetSite(self, request: pb.GetSiteRequest, context: Context) -> Any:
        """Return a site."""
        check_id("site_id", request.site_id)
        return pb.GetSiteResponse(site=site_message(await self._places.get_site(request.site_id)))

    @requires("viewer")
    async def ListSites(self, request: pb.ListSitesRequest, context: Context) -> Any:
        """List sites by id."""
        limit = page_limit(request.page_size, _PAGE_SIZE)
        found = await self._places.list_sites(
            page_start(request.page_token), limit + 1, include_archived=request.include_archived
        )
        return pb.ListSitesResponse(
            sites=[site_message(item) for item in found[:limit]],
            next_page_token=page_token(found[limit - 1].site_id) if len(found) > limit else "",
        )

    @requires("engineer")
    async def UpdateSite(self, request: pb.UpdateSiteRequest, context: Context) -> Any:
        """Replace the changeable fields of a site."""
        site = site_from_message(request.site)
        check_site(site)
        return pb.UpdateSiteResponse(site=site_message(await self._places.update_site(site)))

    @requires("engineer")
    async def ArchiveSite(self, request: pb.ArchiveSiteRequest, context: Context) -> Any:
        """Archive a site."""
        check_id("site_id", request.site_id)
        site = await self._places.archive_site(request.site_id)
        return pb.ArchiveSiteResponse(site=site_message(site))

    # Machines

    @requires("engineer")
    async def CreateMachine(self, request: pb.CreateMachineRequest, context: Context) -> Any:
        """Create a machine."""
        machine = machine_from_message(request.machine)
        check_machine(machine)
        made = await self._places.create_machine(machine)
        return pb.CreateMachineResponse(machine=machine_message(made))

    @requires("viewer")
    async def GetMachine(self, request: pb.GetMachineRequest, context: Context) -> Any:
        """Return a machine."""
        check_id("machine_id", request.machine_id)
        machine = await self._places.get_machine(request.machine_id)
        return pb.GetMachineResponse(machine=machine_message(machine))

    @requires("viewer")
    async def ListMachines(self, request: pb.ListMachinesRequest, context: Context) -> Any:
        """List machines by id."""
        limit = page_limit(request.page_size, _PAGE_SIZE)
        if request.site_id:
            check_id("site_id", request.site_id)
            await self._places.get_site(request.site_id)
        found = await self._places.list_machines(
            page_start(request.page_token),
            limit + 1,
            site_id=request.site_id,
            include_archived=request.include_archived,
        )
        return pb.ListMachinesResponse(
            machines=[machine_message(item) for item in found[:limit]],
            next_page_token=page_token(found[limit - 1].machine_id) if len(found) > limit else "",
        )

    @requires("engineer")
    async def UpdateMachine(self, request: pb.UpdateMachineRequest, context: Context) -> Any:
        """Replace the changeable fields of a machine."""
        machine = machine_from_message(request.machine)
        check_machine(machine)
        changed = await self._places.update_machine(machine)
        return pb.UpdateMachineResponse(machine=machine_message(changed))

    @requires("engineer")
    async def ArchiveMachine(self, request: pb.ArchiveMachineRequest, context: Context) -> Any:
        """Archive a machine."""
        check_id("machine_id", request.machine_id)
        machine = await self._places.archive_machine(request.machine_id)
        return pb.ArchiveMachineResponse(machine=machine_message(machine))

    # Sensors

    @requires("engineer", "sensor")
    async def CreateSensor(self, request: pb.CreateSensorRequest, context: Context) -> Any:
        """Create a sensor."""
        sensor = sensor_from_message(request.sensor)
        check_sensor(sensor)
        made = await self._sensors.create_sensor(sensor)
        self._follower.hurry()
        return pb.CreateSensorResponse(sensor=sensor_message(made))

    @requires("viewer")
    async def GetSensor(self, request: pb.GetSensorRequest, context: Context) -> Any:
        """Return a sensor."""
        check_id("sensor_id", request.sensor_id)
        sensor = await self._sensors.get_sensor(request.sensor_id)
        return pb.GetSensorResponse(sensor=sensor_message(sensor))

    @requires("viewer")
    async def ListSensors(self, request: pb.ListSensorsRequest, context: Context) -> Any:
        """List sensors by id."""
        limit = page_limit(request.page_size, _PAGE_SIZE)
        if request.machine_id:
            check_id("machine_id", request.machine_id)
            await self._places.get_machine(request.machine_id)
        found = await self._sensors.list_sensors(
            page_start(request.page_token),
            limit + 1,
            machine_id=request.machine_id,
            include_archived=request.include_archived,
        )
        return pb.ListSensorsResponse(
            sensors=[sensor_message(item) for item in found[:limit]],
            next_page_token=page_token(found[limit - 1].sensor_id) if len(found) > limit else "",
        )

    @requires("engineer")
    async def UpdateSensor(self, request: pb.UpdateSensorRequest, context: Context) -> Any:
        """Replace the changeable fields of a sensor."""
        sensor = sensor_from_message(request.sensor)
        check_sensor(sensor)
        changed = await self._sensors.update_sensor(sensor)
        self._follower.hurry()
        return pb.UpdateSensorResponse(sensor=sensor_message(changed))

    @requires("engineer")
    async def ArchiveSensor(self, request: pb.ArchiveSensorRequest, context: Context) -> Any:
        """Archive a sensor."""
        check_id("sensor_id", request.sensor_id)
        sensor = await self._sensors.archive_sensor(request.sensor_id)
        self._follower.hurry()
        return pb.ArchiveSensorResponse(sensor=sensor_message(sensor))

    @requires("viewer")
    async def WatchConfigs(
        self, request: pb.WatchConfigsRequest, context: Context
    ) -> AsyncIterator[pb.WatchConfigsResponse]:
        """Stream configurations: what changed after the cursor, then each change."""
        revision = revision_from_cursor(request.cursor, await self._sensors.revision())
        while not self._draining.is_set():
            page = await self._sensors.changes(revision, _WATCH_PAGE)
            if page:
                revision = page[-1].revision
            # An empty page is a heartbeat, and tells a new watcher that it has seen everything.
            yield pb.WatchConfigsResponse(
                sensors=[sensor_message(item) for item in page],
                cursor=cursor_from_revision(revision),
            )
            if len(page) < _WATCH_PAGE:
                await self._change_after(revision)

    async def _change_after(self, revision: int) -> None:
        """Wait for a change above `revision`, draining, or the time of a heartbeat."""
        if self._follower.revision > revision:
            return
        waiting = [
            asyncio.ensure_future(self._follower.changed()),
            asyncio.ensure_future(self._draining.wait()),
        ]
        try:
            await asyncio.wait(
                waiting, timeout=self._heartbeat_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
