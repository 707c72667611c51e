import { expect, test } from 'vitest';
import { FlagError, parseEngineFlags } from './engine-flags.ts';

const scripted = ['--runner', 'scripted', '--name', 'x'];

test.each([
  [['--port', '0'], '--model is missing'],
  [['--runner', 'scripted', '--port', '0'], '--name is missing'],
  [['--runner', 'scripted', '--name', 'x'], 'say where to listen'],
  [['--runner', 'scripted', '--name', 'x', '--port', '80000'], 'ports end at 65535'],
  [['--runner', 'scripted', '--name', 'x', '--port', '0', '--cells', 'many'], "--cells is 'many'"],
  [['--runner', 'scripted', '--name', 'x', '--port', '0', '--sells', '3'], "Unknown option '--sells'"],
  [['--runner', 'magic', '--name', 'x', '--port', '0'], 'choose one of llama-cpp, scripted'],
])('wrong flags %j are refused with a sentence', (flags, complaint) => {
  expect(() => parseEngineFlags(flags)).toThrow(FlagError);
  expect(() => parseEngineFlags(flags)).toThrow(complaint);
});

test('reads counts, sizes and adapters', () => {
  const flags = parseEngineFlags([
    ...scripted,
    ...['--port', '0', '--gpu-layers', '-1', '--body-mb', '2', '--adapter', 'a=/x=y', '--no-speculation'],
  ]);
  expect(flags).toMatchObject({
    listen: { host: '127.0.0.1', port: 0 },
    gpuLayers: -1,
    bodyBytesMax: 2 * 1024 ** 2,
    adapters: [{ id: 'a', path: '/x=y' }],
    speculation: false,
    prefixCache: true,
    queueMax: null,
  });
});

test('a socket path that the kernel would cut is refused', () => {
  expect(() => parseEngineFlags([...scripted, '--socket', `/${'x'.repeat(103)}`])).toThrow('at most 103');
});

test('asking for help is no request to start', () => {
  expect(parseEngineFlags(['--help'])).toBeNull();
});
