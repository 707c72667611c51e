/** Patterns for whole strings; a format with several must match all of them. */
const DATE_28 = '(?:0[1-9]|1[0-9]|2[0-8])';
const LEAP_YEAR = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
const DATE =
  `(?:[0-9]{4}-(?:(?:0[1-9]|1[0-2])-${DATE_28}|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)` +
  `|${LEAP_YEAR}-02-29)`;
const OFFSET = '(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])';
const TIME_OF_DAY = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?';
/**
 * Leap seconds only where the clock shows UTC: elsewhere the hour would have to be compared with the offset.
 */
const LEAP_SECOND = '23:59:60(?:\\.[0-9]+)?(?:[Zz]|[+-]00:00)';
const TIME = `(?:${TIME_OF_DAY}${OFFSET}|${LEAP_SECOND})`;

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
const H16 = '[0-9A-Fa-f]{1,4}';
const LS32 = `(?:${H16}:${H16}|${IPV4})`;
const IPV6 = [
  `(?:${H16}:){6}${LS32}`,
  `::(?:${H16}:){5}${LS32}`,
  `(?:${H16})?::(?:${H16}:){4}${LS32}`,
  `(?:(?:${H16}:){0,1}${H16})?::(?:${H16}:){3}${LS32}`,
  `(?:(?:${H16}:){0,2}${H16})?::(?:${H16}:){2}${LS32}`,
  `(?:(?:${H16}:){0,3}${H16})?::${H16}:${LS32}`,
  `(?:(?:${H16}:){0,4}${H16})?::${LS32}`,
  `(?:(?:${H16}:){0,5}${H16})?::${H16}`,
  `(?:(?:${H16}:){0,6}${H16})?::`,
].join('|');

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const HOSTNAME = `${LABEL}(?:\\.${LABEL})*`;
const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]";
const LOCAL_PART = `(?:${ATEXT}+(?:\\.${ATEXT}+)*|"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\x20-\\x7e])*")`;
const EMAIL = `${LOCAL_PART}@(?:${HOSTNAME}|\\[(?:${IPV4}|IPv6:(?:${IPV6}))\\])`;

const PERCENT = '%[0-9A-Fa-f]{2}';
const UNRESERVED = "A-Za-z0-9._~!$&'()*+,;=\\-";
/** RFC 3987's characters beyond ASCII, without private ones. */
const UCS =
  '\\u00a0-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\uffef\\u{10000}-\\u{1fffd}\\u{20000}-\\u{2fffd}\\u{30000}-\\u{3fffd}';

interface UriSyntax {
  readonly absolute: string;
  readonly reference: string;
}

const URI = uriSyntax('');
const IRI = uriSyntax(UCS);

function uriSyntax(more: string): UriSyntax {
  const pchar = `(?:[${UNRESERVED}:@${more}]|${PERCENT})`;
  const host = `(?:\\[(?:${IPV6}|[vV][0-9A-Fa-f]+\\.[${UNRESERVED}:]+)\\]|(?:[${UNRESERVED}${more}]|${PERCENT})*)`;
  const authority = `(?:(?:[${UNRESERVED}:${more}]|${PERCENT})*@)?${host}(?::[0-9]*)?`;
  const tail = `(?:\\?(?:[${UNRESERVED}:@/?${more}]|${PERCENT})*)?(?:#(?:[${UNRESERVED}:@/?${more}]|${PERCENT})*)?`;
  const segments = `(?:/${pchar}*)*`;
  const hierarchy = `(?://${authority}${segments}|/(?:${pchar}+${segments})?|${pchar}+${segments}|)`;
  const noColon = `(?:[${UNRESERVED}@${more}]|${PERCENT})+`;
  const relative = `(?://${authority}${segments}|/(?:${pchar}+${segments})?|${noColon}${segments}|)`;
  const absolute = `[A-Za-z][A-Za-z0-9+.-]*:${hierarchy}${tail}`;
  return { absolute, reference: `(?:${absolute}|${relative}${tail})` };
}

const POINTER = '(?:/(?:[^~/]|~[01])*)*';
const DURATION_TIME = 'T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)';
const DURATION_DATE = '(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)';
const URI_VARIABLE = '(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+(?:\\.(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+)*';
const URI_VARSPEC = `${URI_VARIABLE}(?:\\*|:[1-9][0-9]{0,3})?`;

const HOSTNAME_PATTERNS = [HOSTNAME, '.{1,253}'];

/** Patterns (ECMA-262, whole string) of the formats that are enforced. */
export const FORMAT_PATTERNS: Readonly<Record<string, readonly string[]>> = {
  'date-time': [`${DATE}[Tt](?:${TIME_OF_DAY}${OFFSET}|${LEAP_SECOND})`],
  date: [DATE],
  time: [TIME],
  duration: [`P(?:${DURATION_DATE}(?:${DURATION_TIME})?|${DURATION_TIME}|[0-9]+W)`],
  email: [EMAIL],
  hostname: HOSTNAME_PATTERNS,
  ipv4: [IPV4],
  ipv6: [IPV6],
  uuid: ['[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}'],
  uri: [URI.absolute],
  'uri-reference': [URI.reference],
  iri: [IRI.absolute],
  'iri-reference': [IRI.reference],
  'uri-template': [
    `(?:[^\\x00-\\x20\\x7f"%<>\\\\^\`{|}]|${PERCENT}|\\{[+#./;?&=,!@|]?${URI_VARSPEC}(?:,${URI_VARSPEC})*\\})*`,
  ],
  'json-pointer': [POINTER],
  'relative-json-pointer': [`(?:0|[1-9][0-9]*)(?:#|${POINTER})`],
};
