import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { Value } from 'typebox/value';
import { paymentProviderIds } from './billing/payments/payment-providers.ts';
import { identityProviderIds } from './http/sign-in/identity-providers.ts';
import { isLoopback } from './http/sign-in/reach.ts';
import { type SettingDefinition, type SettingName, type Settings, settingDefinitions } from './settings.ts';
import { findNearest } from './settings-nearest.ts';

/** A setting that cannot be used. The message names the variable, the value and what is allowed. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export interface LoadedSettings {
  readonly settings: Settings;
  /** Where each setting came from, for `--help` and the log: `default`, a variable, a flag or a file. */
  readonly sources: Readonly<Record<SettingName, string>>;
  /** Things worth a line at the start, such as variables that look like a misspelt setting. */
  readonly warnings: readonly string[];
}

interface Found {
  readonly value: unknown;
  readonly source: string;
}

/**
 * Reads the settings: flags win over the environment, that over the config file, that over the defaults.
 * `overrides` are values of flags as text, by setting name (see parseSettingsFlags).
 * Throws SettingsError at the first value that cannot be used.
 */
export function loadSettings(
  env: Readonly<Record<string, string | undefined>>,
  overrides: Partial<Record<SettingName, string>> = {},
): LoadedSettings {
  const find = (definition: SettingDefinition) => findGiven(definition, env, overrides);
  const file = readConfigFile(env.SPARKLER_CONFIG, find(definitionOf('dataFolder')));
  const values: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const definition of settingDefinitions) {
    const found = find(definition) ?? file.get(definition.name);
    const chosen = found ?? { value: definition.defaultValue, source: 'default' };
    checkValue(definition, chosen);
    values[definition.name] = chosen.value;
    sources[definition.name] = chosen.source;
  }
  const settings = resolvePaths(values as unknown as Settings);
  checkHost(settings);
  checkSignIn(settings);
  checkIdentityProviders(settings);
  checkKey(settings);
  checkPayments(settings);
  return {
    settings,
    sources: sources as Record<SettingName, string>,
    warnings: findStrangeVariables(Object.keys(env)),
  };
}

function definitionOf(name: SettingName): SettingDefinition {
  const definition = settingDefinitions.find((candidate) => candidate.name === name);
  if (!definition) throw new Error(`no setting ${name}`);
  return definition;
}

function findGiven(
  definition: SettingDefinition,
  env: Readonly<Record<string, string | undefined>>,
  overrides: Partial<Record<SettingName, string>>,
): Found | undefined {
  const flag = overrides[definition.name];
  if (flag !== undefined)
    return { value: parseText(definition, flag, definition.flag), source: definition.flag };
  const variable = env[definition.env];
  // An empty variable is how shells and compose files say "not set".
  if (variable === undefined || (variable === '' && definition.name !== 'model')) return undefined;
  return { value: parseText(definition, variable, definition.env), source: definition.env };
}

function parseText(definition: SettingDefinition, text: string, source: string): unknown {
  const trimmed = text.trim();
  switch (definition.type) {
    case 'integer':
      if (/^-?\d+$/.test(trimmed)) return Number(trimmed);
      throw new SettingsError(`${source} is '${text}', which is not a whole number.${hintServiceLink(text)}`);
    case 'boolean':
      if (/^(1|true|yes|on)$/i.test(trimmed)) return true;
      if (/^(0|false|no|off)$/i.test(trimmed)) return false;
      throw new SettingsError(`${source} is '${text}'; give true or false.`);
    case 'array':
      return trimmed.split(',').map((item) => item.trim());
    default:
      return trimmed;
  }
}

/**
 * Kubernetes sets NAME_PORT=tcp://… for every service; a service called sparkler collides with our prefix.
 */
function hintServiceLink(text: string): string {
  return text.startsWith('tcp://') ? ' Kubernetes set it for a service: use enableServiceLinks: false.' : '';
}

function checkValue(definition: SettingDefinition, found: Found): void {
  if (Value.Check(definition.schema, found.value)) return;
  const [problem] = Value.Errors(definition.schema, found.value);
  throw new SettingsError(
    `${found.source} is ${JSON.stringify(found.value)}: ${describeProblem(definition, problem?.message)}. ` +
      `${definition.description}`,
  );
}

function describeProblem(definition: SettingDefinition, message: string | undefined): string {
  const choices = (definition.schema as { anyOf?: { const: string }[] }).anyOf;
  const itemChoices = (definition.schema as { items?: { anyOf?: { const: string }[] } }).items?.anyOf;
  if (choices) return `must be one of ${choices.map((choice) => choice.const).join(', ')}`;
  if (itemChoices)
    return `must be a list of ${itemChoices.map((choice) => choice.const).join(', ')}, each once`;
  return message ?? 'not allowed';
}

function readConfigFile(configured: string | undefined, dataFolder: Found | undefined): Map<string, Found> {
  const folder = expandHome(String(dataFolder?.value ?? definitionOf('dataFolder').defaultValue));
  const given = configured ? expandHome(configured) : undefined;
  const path =
    given ??
    ['config.json', 'config.toml'].map((name) => join(folder, name)).find((name) => existsSync(name));
  if (path === undefined) return new Map();
  const content = parseConfigFile(path, given === undefined ? 'settings' : 'SPARKLER_CONFIG');
  const found = new Map<string, Found>();
  for (const [key, value] of Object.entries(content)) {
    if (!settingDefinitions.some((definition) => definition.name === key)) {
      const near = findNearest(
        key,
        settingDefinitions.map((definition) => definition.name),
      );
      throw new SettingsError(
        `${path} has an unknown setting '${key}'${near ? `; did you mean '${near}'?` : '.'}`,
      );
    }
    if (key === 'dataFolder' && given === undefined) {
      throw new SettingsError(
        `${path} sets dataFolder, but it was found in the data folder: use SPARKLER_DATA.`,
      );
    }
    found.set(key, { value, source: `${key} in ${path}` });
  }
  return found;
}

function parseConfigFile(path: string, namedBy: string): Record<string, unknown> {
  try {
    const text = readFileSync(path, 'utf8');
    const content: unknown = extname(path) === '.toml' ? parseToml(text) : JSON.parse(text);
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
      throw new Error('it must hold an object of settings');
    }
    return content as Record<string, unknown>;
  } catch (error) {
    throw new SettingsError(`The ${namedBy} file ${path} cannot be used: ${(error as Error).message}`);
  }
}

function resolvePaths(settings: Settings): Settings {
  return {
    ...settings,
    dataFolder: resolve(expandHome(settings.dataFolder)),
    cacheFolder: resolve(expandHome(settings.cacheFolder)),
    modelsFolder: settings.modelsFolder && resolve(expandHome(settings.modelsFolder)),
    catalogueFile: settings.catalogueFile && resolve(expandHome(settings.catalogueFile)),
    remoteEnginesFile: settings.remoteEnginesFile && resolve(expandHome(settings.remoteEnginesFile)),
  };
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** Keys travel in clear over HTTP, so being reachable from elsewhere must be somebody's decision. */
function checkHost(settings: Settings): void {
  if (settings.allowRemote || isLoopback(settings.host)) return;
  throw new SettingsError(
    `SPARKLER_HOST is '${settings.host}', which other machines may reach without encryption. ` +
      'Set SPARKLER_ALLOW_REMOTE=true if that is meant, and put TLS in front of it.',
  );
}

function checkKey({ keyFile, keyCommand }: Settings): void {
  if (keyFile === '' || keyCommand === '') return;
  throw new SettingsError(
    'SPARKLER_KEY_FILE and SPARKLER_KEY_COMMAND both name the master key; give one of them.',
  );
}

function checkIdentityProviders({ identityProviders }: Settings): void {
  const unknown = identityProviders.find((id) => !identityProviderIds.includes(id));
  if (unknown === undefined) return;
  throw new SettingsError(
    `SPARKLER_IDENTITY_PROVIDERS has '${unknown}', and there is no such identity provider; ` +
      `built in: ${identityProviderIds.join(', ') || 'none yet'}.`,
  );
}

function checkPayments({ payments }: Settings): void {
  if (paymentProviderIds.includes(payments)) return;
  throw new SettingsError(
    `SPARKLER_PAYMENTS is '${payments}', and there is no such payments provider; ` +
      `built in: ${paymentProviderIds.join(', ')}.`,
  );
}

/** A session's cookie is as good as a key: elsewhere it travels encrypted, and to one name only. */
function checkSignIn({ signIn, publicUrl }: Settings): void {
  if (signIn !== 'anywhere' || publicUrl !== '') return;
  throw new SettingsError(
    "SPARKLER_SIGN_IN is 'anywhere', and no address is known that browsers elsewhere would come by. " +
      'Set SPARKLER_PUBLIC_URL to the https:// address that is in front of this server.',
  );
}

/**
 * Variables with our prefix that are no setting. Only a warning: other programs of the suite have their own.
 */
function findStrangeVariables(names: readonly string[]): string[] {
  const known = [...settingDefinitions.map((definition) => definition.env), 'SPARKLER_CONFIG'];
  return names
    .filter((name) => name.startsWith('SPARKLER_') && !known.includes(name))
    .map((name) => ({ name, near: findNearest(name, known) }))
    .filter(({ near }) => near !== undefined)
    .map(({ name, near }) => `${name} is not a setting of the server; did you mean ${near}?`);
}

/**
 * Reads `--port 9000`, `--port=9000` and `--allow-remote` into text values by setting name.
 * Throws SettingsError for anything that is no setting, naming what was meant where that is clear.
 */
export function parseSettingsFlags(flags: readonly string[]): Partial<Record<SettingName, string>> {
  const values: Partial<Record<SettingName, string>> = {};
  for (let index = 0; index < flags.length; index += 1) {
    const [flag = '', ...rest] = flags[index]!.split('=');
    const definition = settingDefinitions.find((candidate) => candidate.flag === flag);
    if (!definition) {
      const near = findNearest(
        flag,
        settingDefinitions.map((candidate) => candidate.flag),
      );
      throw new SettingsError(
        `Unknown option ${flag}${near ? `; did you mean ${near}?` : '; --help lists them.'}`,
      );
    }
    const next = flags[index + 1];
    if (rest.length > 0) values[definition.name] = rest.join('=');
    else if (definition.type === 'boolean' && (next === undefined || next.startsWith('--')))
      values[definition.name] = 'true';
    else if (next === undefined) throw new SettingsError(`${flag} needs a value.`);
    else {
      values[definition.name] = next;
      index += 1;
    }
  }
  return values;
}
