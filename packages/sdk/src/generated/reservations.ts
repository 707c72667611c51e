// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Reservation {
  /** accounts/{account}/reservations/{reservation} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly description: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  readonly region: 'REGION_UNSPECIFIED' | 'US_IOWA_1' | 'US_VIRGINIA_1' | 'US_VIRGINIA_2' | 'US_ILLINOIS_1' | 'AP_TOKYO_1' | 'EU_LONDON_1' | 'US_ARIZONA_1' | 'US_TEXAS_1' | 'US_ILLINOIS_2' | 'EU_FRANKFURT_1' | 'US_TEXAS_2' | 'EU_PARIS_1' | 'EU_HELSINKI_1' | 'US_NEVADA_1' | 'EU_ICELAND_1' | 'EU_ICELAND_2' | 'US_WASHINGTON_1' | 'US_WASHINGTON_2' | 'EU_ICELAND_DEV_1' | 'US_WASHINGTON_3' | 'US_ARIZONA_2' | 'AP_TOKYO_2' | 'US_CALIFORNIA_1' | 'US_MISSOURI_1' | 'US_UTAH_1' | 'US_TEXAS_3' | 'US_ARIZONA_3' | 'US_GEORGIA_1' | 'US_GEORGIA_2' | 'US_WASHINGTON_4' | 'US_GEORGIA_3' | 'NA_BRITISHCOLUMBIA_1' | 'US_GEORGIA_4' | 'EU_ICELAND_3' | 'US_OHIO_1' | 'US_NEWYORK_1';
  readonly acceleratorType: 'ACCELERATOR_TYPE_UNSPECIFIED' | 'NVIDIA_A100_80GB' | 'NVIDIA_H100_80GB' | 'AMD_MI300X_192GB' | 'NVIDIA_A10G_24GB' | 'NVIDIA_A100_40GB' | 'NVIDIA_L4_24GB' | 'NVIDIA_H200_141GB' | 'NVIDIA_B200_180GB' | 'AMD_MI325X_256GB' | 'AMD_MI350X_288GB';
  readonly reservedCount: number;
  /** Inclusive. Default: the next midnight in UTC. */
  readonly startTime: string | null;
  /** Exclusive. Default: one year after the start. */
  readonly endTime: string | null;
}

/** Reservations: `accounts/{account}/reservations/{reservation}`. */
export class Reservations {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List reservations. GET /v1/accounts/{account}/reservations */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Reservation> {
    const collection = { path: 'reservations', key: 'reservations' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a reservation. GET /v1/accounts/{account}/reservations/{reservation} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Reservation> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/reservations/{reservation}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a reservation. POST /v1/accounts/{account}/reservations */
  create(parameters: { reservation: Input<Reservation>; reservationId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Reservation> {
    const { reservation, reservationId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'reservations',
      query: { reservationId },
      body: reservation,
      options,
    });
  }
}
