import { expect, test } from 'vitest';
import { parseDisplays, parseNvidia, readAccelerators } from './read-accelerators.ts';
import { readHost } from './read-host.ts';
import { readHostMemory, readUsedBytes } from './read-memory.ts';

const meminfo = 'MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n';
const files = (entries: Readonly<Record<string, string>>) => (path: string) =>
  ({ '/proc/meminfo': meminfo, ...entries })[path] ?? null;

test('memory is the machine’s where nothing confines the server', () => {
  const cgroup = { '/proc/self/cgroup': '0::/user.slice\n', '/sys/fs/cgroup/user.slice/memory.max': 'max\n' };
  expect(readHostMemory(files(cgroup))).toEqual({
    totalBytes: 16_384_000_000,
    availableBytes: 8_192_000_000,
    limitBytes: null,
  });
});

test('the tightest of the control groups around it counts, without pages of files', () => {
  const read = files({
    '/proc/self/cgroup': '0::/pod/server\n',
    '/sys/fs/cgroup/pod/memory.max': '3000000000\n',
    '/sys/fs/cgroup/pod/memory.current': '2500000000\n',
    '/sys/fs/cgroup/pod/memory.stat': 'anon 1\ninactive_file 1500000000\nactive_file 500000000\n',
    '/sys/fs/cgroup/pod/server/memory.max': '4000000000\n',
    '/sys/fs/cgroup/pod/server/memory.current': '100000000\n',
  });
  expect(readHostMemory(read)).toEqual({
    totalBytes: 3_000_000_000,
    availableBytes: 2_500_000_000,
    limitBytes: 3_000_000_000,
  });
});

test('control groups of the first version are read too', () => {
  const read = files({
    '/proc/self/cgroup': '5:cpu:/x\n4:memory:/docker/1\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': '1\n',
    '/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes': '2000000000\n',
    '/sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes': '1900000000\n',
    '/sys/fs/cgroup/memory/docker/1/memory.stat': 'total_inactive_file 400000000\n',
  });
  expect(readHostMemory(read)).toMatchObject({ limitBytes: 2_000_000_000, availableBytes: 500_000_000 });
});

test('what a process uses is what it shares with nobody', () => {
  const read = files({ '/proc/7/status': 'Name:\tnode\nVmRSS:\t  487060 kB\nRssAnon:\t  331332 kB\n' });
  expect(readUsedBytes(7, read)).toBe(331_332 * 1024);
  expect(readUsedBytes(8, read)).toBeNull();
});

test('accelerators are what the driver tells', () => {
  expect(parseNvidia('NVIDIA H200, 143771, 143167, 570.86.15\n')).toEqual([
    {
      kind: 'CUDA',
      name: 'NVIDIA H200',
      memoryBytes: 143_771 * 1024 ** 2,
      freeBytes: 143_167 * 1024 ** 2,
      driver: '570.86.15',
    },
  ]);
  expect(parseNvidia('No devices were found\n')).toEqual([]);
  const displays = [
    { sppci_model: 'Apple M3 Max', spdisplays_mtlgpufamilysupport: 'spdisplays_metal3' },
    { sppci_model: 'Old' },
  ];
  expect(parseDisplays(JSON.stringify({ SPDisplaysDataType: displays }))).toEqual([
    { kind: 'METAL', name: 'Apple M3 Max', memoryBytes: 0, freeBytes: 0, driver: '' },
  ]);
});

test('a host without the program, or with one that fails, has none', async () => {
  const fail = () => Promise.reject(new Error('ENOENT'));
  expect(await readAccelerators('linux', fail)).toEqual([]);
  expect(await readAccelerators('darwin', async () => 'no JSON')).toEqual([]);
});

test('this host has processors and memory', async () => {
  const host = await readHost();
  expect(host.coreCount).toBeGreaterThanOrEqual(1);
  expect(host.memory.availableBytes).toBeGreaterThan(0);
  expect(host.memory.totalBytes).toBeGreaterThanOrEqual(host.memory.availableBytes);
});
