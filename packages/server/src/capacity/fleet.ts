import { readFileSync } from 'node:fs';
import { AcceleratorType, Region } from '@sparkler/api/resources';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const count = Type.Integer({ minimum: 1 });
const ms = Type.Integer({ minimum: 0 });

/** Accelerators of one kind in one region. */
const Pool = Type.Object(
  {
    type: AcceleratorType,
    count,
    /** Memory of one of them. */
    memoryGb: Type.Integer({ minimum: 1 }),
    /** From asking for a replica to its process running; the model is read after that. */
    coldStartMs: ms,
    /** What an account may have there beyond its reservations; 8 unless given. */
    quota: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);

/** Accelerators that are away for a time. Times count from the start of the server. */
const StockOut = Type.Object(
  { region: Region, type: AcceleratorType, count, fromMs: ms, untilMs: ms },
  { additionalProperties: false },
);

/** Revocable replicas that lose their accelerators at a moment. */
const SpotLoss = Type.Object(
  { region: Region, type: AcceleratorType, count, atMs: ms },
  { additionalProperties: false },
);

const FleetFile = Type.Object(
  {
    regions: Type.Array(
      Type.Object(
        {
          region: Region,
          /** Enterprise regions need a reservation there (spec, "Regions", "Reserved capacity"). */
          launchStatus: Type.Union([Type.Literal('GENERALLY_AVAILABLE'), Type.Literal('ENTERPRISE_ONLY')]),
          accelerators: Type.Array(Pool, { minItems: 1 }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
    stockOuts: Type.Optional(Type.Array(StockOut)),
    spotLosses: Type.Optional(Type.Array(SpotLoss)),
  },
  { additionalProperties: false },
);

/** Regions and their accelerators, as data: what a simulated fleet consists of and what happens to it. */
export type Fleet = Static<typeof FleetFile>;
export type FleetRegion = Fleet['regions'][number];
export type AcceleratorPool = FleetRegion['accelerators'][number];

export const defaultQuota = 8;
/** The word that stands for the fleet of the documentation's table of regions. */
export const documentedFleet = 'documented';

/** A fleet file that can't be used; the message says where. */
export class FleetFileError extends Error {
  override readonly name = 'FleetFileError';
}

/** Reads a fleet from a file, or the built-in one. Throws FleetFileError. */
export function loadFleet(pathOrWord: string): Fleet {
  const path =
    pathOrWord === documentedFleet ? new URL('./data/documented.json', import.meta.url) : pathOrWord;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new FleetFileError(`the fleet ${pathOrWord} can't be read: ${(error as Error).message}`);
  }
  const [problem] = Value.Errors(FleetFile, value);
  if (problem !== undefined) {
    throw new FleetFileError(
      `the fleet ${pathOrWord} is wrong at ${problem.instancePath}: ${problem.message}`,
    );
  }
  return value as Fleet;
}

/** The pool of an accelerator in a region, or null. */
export function findPool(fleet: Fleet, region: string, type: string): AcceleratorPool | null {
  const found = fleet.regions.find((entry) => entry.region === region);
  return found?.accelerators.find((pool) => pool.type === type) ?? null;
}

/** Name of the quota of an accelerator in a region, such as `h100-us-iowa-1`. */
export function nameQuota(region: string, type: string): string {
  const [, model = type] = type.split('_');
  return `${model}-${region}`.toLowerCase().replaceAll('_', '-');
}
