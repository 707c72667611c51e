import type { Formula } from '../schema/formula.ts';
import { State } from '../state.ts';
import type { JsonWorld } from './json-world.ts';
import { createSlot } from './slot.ts';
import { valueStart } from './value-state.ts';

/** The state before a JSON value that satisfies the formula. */
export function startJson(world: JsonWorld, formula: Formula): State {
  const done = new State({ canEnd: true, firstBytes: new Uint8Array(0), derive: () => null });
  return valueStart(createSlot(world, world.goalSet([formula], 1), () => done));
}
