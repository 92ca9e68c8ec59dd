// Reads the samples of a recording: a text file with one line for each moment.

import { open } from "node:fs/promises";

/** Consecutive samples of all channels: one array a channel, all of one length. */
export type Block = Float32Array[];

/**
 * Reads blocks of at most `blockSamples` samples a channel.
 *
 * @param path file with numbers separated by commas, semicolons or white space
 * @param columns which columns hold the channels, counted from 0
 */
export async function* readBlocks(path: string, columns: number[], blockSamples: number): AsyncGenerator<Block> {
  const file = await open(path);
  let block = emptyBlock(columns, blockSamples);
  let filled = 0;
  let lineNumber = 0;
  for await (const line of file.readLines()) {
    lineNumber += 1;
    if (line.trim() === "") continue;
    const fields = line.trim().split(/[\s,;]+/);
    columns.forEach((column, channel) => {
      const value = Number(fields[column] ?? "nothing");
      if (Number.isNaN(value)) throw new Error(`${path}, line ${lineNumber}: column ${column} holds no number.`);
      block[channel]![filled] = value;
    });
    filled += 1;
    if (filled === blockSamples) {
      yield block;
      block = emptyBlock(columns, blockSamples);
      filled = 0;
    }
  }
  if (filled > 0) yield block.map((samples) => samples.subarray(0, filled));
}

function emptyBlock(columns: number[], blockSamples: number): Block {
  return columns.map(() => new Float32Array(blockSamples));
}
