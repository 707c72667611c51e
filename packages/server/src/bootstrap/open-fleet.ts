import { type Fleet, FleetFileError, loadFleet } from '../capacity/fleet.ts';
import { Inventory, quotaKey } from '../capacity/inventory.ts';
import { periodOf } from '../ledger/spend-leases.ts';
import type { Settings } from '../settings.ts';
import { SettingsError } from '../settings-load.ts';
import type { Database } from '../store/database.ts';
import { listGpuHoursSpent } from '../store/gpu-hours.ts';
import { readPoolQuotas } from '../store/pool-quotas.ts';
import { readCountingReservations } from '../store/reservations.ts';

/** The fleet of SPARKLER_FLEET; null: there is none. Throws SettingsError. */
export function openFleet({ fleet, runner }: Settings): Fleet | null {
  if (fleet === '') return null;
  if (runner !== 'scripted') {
    throw new SettingsError(
      'SPARKLER_FLEET is a simulation: set SPARKLER_RUNNER=scripted too, or leave the fleet out',
    );
  }
  try {
    return loadFleet(fleet);
  } catch (error) {
    if (error instanceof FleetFileError) throw new SettingsError(`SPARKLER_FLEET: ${error.message}`);
    throw error;
  }
}

/** Who has which accelerators of a fleet, by the rules that the database holds. */
export function createInventory(fleet: Fleet, db: Database): Inventory {
  return new Inventory({
    fleet,
    now: Date.now,
    readHoursSpent: () => listGpuHoursSpent(db, periodOf(Date.now())),
    readReservations: () => readCountingReservations(db, new Date()),
    async readQuotas() {
      const quotas = await readPoolQuotas(db, fleet, null);
      return new Map(
        quotas.map(({ account, region, type, value }) => [quotaKey(account, region, type), value]),
      );
    },
  });
}
