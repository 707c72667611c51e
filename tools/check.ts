/**
 * `npm run check`: types, lint, imports, sizes, names, lockfile, licences and documents, without the other
 * tests.
 */
process.argv.push('tools');
await import('./test.ts');
