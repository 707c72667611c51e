const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** Bytes for people, in powers of a thousand and three digits, as the server shows them: `98.4 MB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(Math.abs(bytes), 1)) / 3), units.length - 1);
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
