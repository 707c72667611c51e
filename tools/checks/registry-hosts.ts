/**
 * Hosts of package registries. Which registry, mirror or proxy is used is the machine's business, so none is
 * named in the repository; the ordinary clients know theirs. The brackets keep this file from matching
 * itself.
 */
const hosts = [
  'npm[j]s\\.(org|com)',
  'yarn[p]kg\\.com',
  'p[y]pi\\.(org|io)',
  'python[h]osted\\.org',
  'crat[e]s\\.io',
  'proxy\\.gola[n]g\\.org',
  'deb\\.debi[a]n\\.org',
  'repo1?\\.mav[e]n',
];
const pattern = new RegExp(hosts.join('|'), 'i');

/** Lines that name a registry host. */
export function checkRegistryHosts(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const host = pattern.exec(line)?.[0];
    return host === undefined ? [] : [`${path}:${index + 1} names the package registry ${host}`];
  });
}
