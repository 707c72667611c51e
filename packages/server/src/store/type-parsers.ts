import pg from 'pg';

const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, parseSafeInteger],
  // Exact decimals stay text: a float would round money.
  [pg.types.builtins.NUMERIC, (text) => text],
  [pg.types.builtins.TIMESTAMPTZ, (text) => new Date(text)],
]);

/**
 * How column values become JavaScript values, said explicitly because drivers differ: int8 (and count(*)) is
 * a number that throws outside ±2^53, numeric is text, timestamptz is a Date. The rest is the driver's
 * default.
 */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const parser = format === 'binary' ? undefined : parsers.get(oid);
    return parser ?? pg.types.getTypeParser(oid, format);
  },
};

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new Error(`the integer ${text} from the database does not fit a JavaScript number`);
}
