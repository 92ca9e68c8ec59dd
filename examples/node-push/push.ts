// Pushes a recording as a live sensor:
//   node push.ts recording.csv --sensor rig-7 --sample-rate 25600 --columns 4,5 --target localhost:8080

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { AssetService } from "./gen/kurto/assets/v1/asset_service_pb.js";
import { IngestService } from "./gen/kurto/ingest/v1/ingest_service_pb.js";
import { readBlocks } from "./recording.ts";
import { Sender, type Sensor } from "./sender.ts";

interface Arguments {
  file: string;
  sensor: Sensor;
  columns: number[];
  target: string;
  unit: string;
  bootId: string;
  realTime: boolean;
}

function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sensor: { type: "string" },
      "sample-rate": { type: "string" },
      columns: { type: "string", default: "0" },
      target: { type: "string", default: "localhost:8080" },
      unit: { type: "string", default: "g" },
      "boot-id": { type: "string", default: randomUUID() },
      speed: { type: "string", default: "1.0" },
    },
  });
  const columns = values.columns.split(",").map(Number);
  const sampleRateHz = Number(values["sample-rate"]);
  if (positionals.length !== 1 || values.sensor === undefined || !(sampleRateHz > 0) || columns.some(Number.isNaN)) {
    throw new Error("Give one FILE, --sensor ID, --sample-rate HZ, and --columns such as 0,1.");
  }
  const channels = columns.map((_, i) => ["horizontal", "vertical", "axial"][i] ?? `channel-${i + 1}`);
  return {
    file: positionals[0]!,
    sensor: { sensorId: values.sensor, sampleRateHz, channels },
    columns,
    target: values.target,
    unit: values.unit,
    bootId: values["boot-id"],
    realTime: values.speed !== "max",
  };
}

async function main(): Promise<void> {
  const given = readArguments();
  const transport = createGrpcTransport({ baseUrl: `http://${given.target}` });
  const { sensorId, sampleRateHz, channels } = given.sensor;
  await createClient(AssetService, transport)
    .createSensor({
      sensor: { sensorId, config: { sampleRateHz, channels: channels.map((name) => ({ name, unit: given.unit })) } },
    })
    .catch((error: unknown) => {
      if (ConnectError.from(error).code !== Code.AlreadyExists) throw error;
    });

  const sender = new Sender(createClient(IngestService, transport), given.sensor, given.bootId);
  const sending = sender.run();
  await Promise.race([sending, read(given, sender)]); // the first to fail ends the program
  await sending;
  console.log(`${sender.durableCount} samples a channel are durable, ${sender.reconnectCount} reconnections`);
}

async function read(given: Arguments, sender: Sender): Promise<void> {
  const blockSamples = Math.max(1, Math.round(0.1 * given.sensor.sampleRateHz));
  for await (const block of readBlocks(given.file, given.columns, blockSamples)) {
    await sender.push(block);
    if (given.realTime) await sleep(100);
  }
  sender.finish();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
