"""Learns from the registry where machines stand, for routes by site."""

import asyncio
import logging

import grpc

from kurto.assets.v1 import asset_service_pb2 as asset_pb
from kurto.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kurto_alerts.delivery.ports import SiteStore
from kurto_alerts.failures import is_passing
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)
PAGE_SIZE = 1000
MOST_PAGES = 100


async def follow_sites(
    channel: grpc.aio.Channel,
    store: SiteStore,
    clock: Clock,
    *,
    interval_s: float,
    timeout_s: float,
) -> None:
    """Store the site of every machine again and again, for ever."""
    stub = AssetServiceStub(channel)
    while True:
        try:
            await _store_all(stub, store, timeout_s)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError) as error:
            _LOG.info("Cannot ask where machines stand", extra=_said(error))
        except Exception as error:
            if not is_passing(error):
                raise
            _LOG.info("Cannot store where machines stand", extra=_said(error))
        await clock.sleep(interval_s)


def _said(error: Exception) -> dict[str, str]:
    return {"action": "sites_postponed", "problem": repr(error)}


async def _store_all(stub: AssetServiceStub, store: SiteStore, timeout_s: float) -> None:
    token = ""
    for _ in range(MOST_PAGES):
        request = asset_pb.ListMachinesRequest(page_size=PAGE_SIZE, page_token=token)
        answer = await stub.ListMachines(request, timeout=timeout_s)
        await store.save_sites([(one.machine_id, one.site_id) for one in answer.machines])
        token = answer.next_page_token
        if not token:
            return
