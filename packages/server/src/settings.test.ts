import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeSettings, settingDefinitions } from './settings.ts';
import { loadSettings, parseSettingsFlags, SettingsError } from './settings-load.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-settings-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Settings of a machine with nothing set but the data folder. */
function load(env: Record<string, string> = {}, overrides = {}) {
  return loadSettings({ SPARKLER_DATA: folder, ...env }, overrides);
}

describe('where a value comes from', () => {
  test('with nothing set every setting has its default', () => {
    const { settings, sources } = load();
    expect(settings).toMatchObject({ host: '127.0.0.1', port: 8080, runner: 'llama-cpp', databaseUrl: '' });
    expect(sources.port).toBe('default');
    expect(sources.dataFolder).toBe('SPARKLER_DATA');
  });

  test('a flag wins over a variable, that over the file, that over the default', async () => {
    await writeFile(join(folder, 'config.json'), '{"port": 1111, "account": "file"}');
    expect(load().settings).toMatchObject({ port: 1111, account: 'file' });
    expect(load({ SPARKLER_PORT: '2222' }).settings).toMatchObject({ port: 2222, account: 'file' });
    const flags = parseSettingsFlags(['--port', '3333']);
    expect(load({ SPARKLER_PORT: '2222' }, flags)).toMatchObject({
      settings: { port: 3333 },
      sources: { port: '--port', account: `account in ${join(folder, 'config.json')}` },
    });
  });

  test('a TOML file works like a JSON file', async () => {
    await writeFile(join(folder, 'config.toml'), 'port = 1234\nroles = ["gateway"]\n');
    expect(load().settings).toMatchObject({ port: 1234, roles: ['gateway'] });
  });

  test('SPARKLER_CONFIG names another file, which may also name the data folder', async () => {
    const file = join(folder, 'elsewhere.json');
    await writeFile(file, JSON.stringify({ dataFolder: '/srv/sparkler' }));
    expect(loadSettings({ SPARKLER_CONFIG: file }).settings.dataFolder).toBe('/srv/sparkler');
  });

  test('an empty variable counts as not set, but an empty model means none', () => {
    expect(load({ SPARKLER_PORT: '', SPARKLER_MODEL: '' }).settings).toMatchObject({ port: 8080, model: '' });
  });

  test('lists and booleans are read from text', () => {
    const { settings } = load({ SPARKLER_ROLES: 'gateway, reconciler', SPARKLER_ALLOW_REMOTE: 'yes' });
    expect(settings).toMatchObject({ roles: ['gateway', 'reconciler'], allowRemote: true });
  });
});

describe('a value that cannot be used stops the start and names where it was given', () => {
  test.each([
    [{ SPARKLER_PORT: 'http' }, /^SPARKLER_PORT is 'http', which is not a whole number/],
    [{ SPARKLER_PORT: '70000' }, /^SPARKLER_PORT is 70000: must be <= 65535/],
    [{ SPARKLER_PORT: 'tcp://10.0.0.7:80' }, /enableServiceLinks: false/],
    [{ SPARKLER_RUNNER: 'vllm' }, /^SPARKLER_RUNNER is "vllm": must be one of llama-cpp, scripted/],
    [{ SPARKLER_ROLES: 'api,worker' }, /^SPARKLER_ROLES is .*must be a list of api, gateway, reconciler/],
    [{ SPARKLER_ALLOW_REMOTE: 'maybe' }, /^SPARKLER_ALLOW_REMOTE is 'maybe'; give true or false/],
    [{ SPARKLER_ACCOUNT: 'My Account' }, /^SPARKLER_ACCOUNT is "My Account"/],
    [{ DATABASE_URL: 'mysql://x' }, /^DATABASE_URL is "mysql:\/\/x"/],
    [
      { SPARKLER_CONFIG: '/nonexistent/c.json' },
      /^The SPARKLER_CONFIG file \/nonexistent\/c.json cannot be used/,
    ],
  ])('%j', (env, message) => {
    expect(() => load(env as unknown as Record<string, string>)).toThrow(message);
    expect(() => load(env as unknown as Record<string, string>)).toThrow(SettingsError);
  });

  test('a wrong value in a file names the key and the file', async () => {
    await writeFile(join(folder, 'config.json'), '{"port": "8080"}');
    expect(() => load()).toThrow(`port in ${join(folder, 'config.json')} is "8080"`);
  });

  test('an unknown key in a file is refused with a guess', async () => {
    await writeFile(join(folder, 'config.json'), '{"prot": 8080}');
    expect(() => load()).toThrow(/unknown setting 'prot'; did you mean 'port'\?/);
  });

  test('a file in the data folder cannot move the data folder', async () => {
    await writeFile(join(folder, 'config.json'), '{"dataFolder": "/elsewhere"}');
    expect(() => load()).toThrow(/use SPARKLER_DATA/);
  });
});

describe('signing in with a browser', () => {
  test('from elsewhere needs the https address that is in front of the server', () => {
    expect(() => load({ SPARKLER_SIGN_IN: 'anywhere' })).toThrow(/SPARKLER_PUBLIC_URL/);
    const plain = { SPARKLER_SIGN_IN: 'anywhere', SPARKLER_PUBLIC_URL: 'http://s.example' };
    expect(() => load(plain)).toThrow(/^SPARKLER_PUBLIC_URL is "http:/);
    const { settings } = load({ ...plain, SPARKLER_PUBLIC_URL: 'https://s.example' });
    expect(settings).toMatchObject({ signIn: 'anywhere', publicUrl: 'https://s.example' });
    expect(load({}).settings.signIn).toBe('loopback');
  });
});

test('the master key comes from one place', () => {
  const both = { SPARKLER_KEY_FILE: '/k', SPARKLER_KEY_COMMAND: 'cat /k' };
  expect(() => load(both)).toThrow(/both name the master key/);
});

describe('a host that other machines can reach', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', 'example.org'])('%s is refused', (host) => {
    expect(() => load({ SPARKLER_HOST: host })).toThrow(/SPARKLER_ALLOW_REMOTE=true/);
  });

  test.each(['127.0.0.1', '127.0.0.5', '::1', 'localhost'])('%s is not one', (host) => {
    expect(load({ SPARKLER_HOST: host }).settings.host).toBe(host);
  });

  test('is allowed when somebody says so', () => {
    expect(load({ SPARKLER_HOST: '0.0.0.0', SPARKLER_ALLOW_REMOTE: 'true' }).settings.host).toBe('0.0.0.0');
  });
});

describe('flags', () => {
  test('take their value after a space or an equals sign; a switch needs none', () => {
    expect(parseSettingsFlags(['--port=1', '--runner', 'scripted', '--allow-remote'])).toEqual({
      port: '1',
      runner: 'scripted',
      allowRemote: 'true',
    });
  });

  test('that do not exist are refused with a guess', () => {
    expect(() => parseSettingsFlags(['--prot', '1'])).toThrow(/Unknown option --prot; did you mean --port\?/);
  });

  test('without their value are refused', () => {
    expect(() => parseSettingsFlags(['--port'])).toThrow(/--port needs a value/);
  });
});

test('a variable that looks like a misspelt setting is a warning, one of another program is not', () => {
  expect(load({ SPARKLER_PROT: '1', SPARKLER_UNRELATED_THING: 'x' }).warnings).toEqual([
    'SPARKLER_PROT is not a setting of the server; did you mean SPARKLER_PORT?',
  ]);
});

test('every setting is described once, under a variable and a flag of its own', () => {
  const text = describeSettings({ advanced: true });
  for (const { env, flag, description } of settingDefinitions) {
    expect(text).toContain(`  ${env} `);
    expect(text).toContain(`(${flag};`);
    expect(description).toMatch(/\.$/);
  }
  expect(new Set(settingDefinitions.map(({ env }) => env)).size).toBe(settingDefinitions.length);
});

test('an unknown payments provider is refused with those that there are', () => {
  expect(load().settings.payments).toBe('manual');
  expect(() => load({ SPARKLER_PAYMENTS: 'stripe' })).toThrow(
    "SPARKLER_PAYMENTS is 'stripe', and there is no such payments provider; built in: manual.",
  );
});
