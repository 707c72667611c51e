import { Ajv2020 } from 'ajv/dist/2020.js';

/** Formats as simply as they can be said; ajv has none of its own. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) =>
    /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text),
  time: (text) => /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i.test(text),
  uuid: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text),
  ipv4: (text) =>
    text.split('.').length === 4 && text.split('.').every((part) => String(Number(part) & 255) === part),
};

/** Says whether a text is JSON and satisfies the schema, in ajv's opinion. */
export function createJsonJudge(schema: unknown): (text: string) => boolean {
  const validate = new Ajv2020({ strict: false, formats: FORMATS }).compile(schema as object);
  return (text) => {
    try {
      return validate(JSON.parse(text));
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
  };
}
