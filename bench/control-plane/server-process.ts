import { startControlPlane } from '../../tests/control-plane/start-control-plane.ts';

/**
 * The control plane in a process of its own, over a database with so many models; tells where it is.
 * Durable: off, as in tests, so that writes measure the server and not the disk.
 */
const count = Number(process.argv[2] ?? 100_000);
const plane = await startControlPlane();
const { pool } = plane.database;
const key = await plane.makeUser('huge', 'hugo', 'admin');
await pool.query(
  `insert into models (name, account, kind, state, display_name, description, create_time, base_model_details)
   select 'accounts/huge/models/m' || i, 'huge', 'HF_BASE_MODEL', 'READY', 'Model ' || (i * 7919 % $1),
     'text ' || (i * 31 % 1000), timestamptz '2026-01-01' + i * interval '1 second', '{"worldSize": 1}'
   from generate_series(1, $1::integer) i`,
  [count],
);
await pool.query('vacuum analyze models');
process.send?.({ baseUrl: plane.baseUrl, key, address: plane.database.address });
let peakBytes = 0;
const sample = () => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
};
setInterval(sample, 20).unref();

process.on('message', async (wish: 'peak' | 'close') => {
  if (wish === 'peak') {
    sample();
    process.send?.({ peakBytes });
    peakBytes = 0;
    return;
  }
  await plane.close();
  process.exit(0);
});
