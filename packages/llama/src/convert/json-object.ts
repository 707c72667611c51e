import { ConvertError } from './convert-error.ts';

/** A JSON object that knows where it comes from, so that a wrong field is named with its file. */
export class JsonObject {
  readonly #place: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(place: string, fields: Readonly<Record<string, unknown>>) {
    this.#place = place;
    this.#fields = fields;
  }

  /** Throws ConvertError when the value is no object. */
  static from(place: string, value: unknown): JsonObject {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return new JsonObject(place, value as Record<string, unknown>);
    }
    throw new ConvertError(`${place} must be an object, not ${JSON.stringify(value)}`);
  }

  /** The raw value; null counts as absent, as configurations write it. */
  get(field: string): unknown {
    return this.#fields[field] ?? undefined;
  }

  entries(): [string, unknown][] {
    return Object.entries(this.#fields);
  }

  number(field: string): number {
    return this.optionalNumber(field) ?? this.#missing(field);
  }

  /** The first of several fields that is there: projects name the same thing differently. */
  firstNumber(...fields: readonly string[]): number {
    for (const field of fields) {
      const value = this.optionalNumber(field);
      if (value !== undefined) return value;
    }
    return this.#missing(fields.join(' or '));
  }

  optionalNumber(field: string): number | undefined {
    const value = this.get(field);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.#wrong(field, 'a number', value);
  }

  text(field: string): string {
    return this.optionalText(field) ?? this.#missing(field);
  }

  optionalText(field: string): string | undefined {
    const value = this.get(field);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrong(field, 'a text', value);
  }

  optionalFlag(field: string): boolean | undefined {
    const value = this.get(field);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#wrong(field, 'true or false', value);
  }

  optionalObject(field: string): JsonObject | undefined {
    const value = this.get(field);
    return value === undefined ? undefined : JsonObject.from(`${this.#place}: ${field}`, value);
  }

  object(field: string): JsonObject {
    return this.optionalObject(field) ?? this.#missing(field);
  }

  optionalArray(field: string): readonly unknown[] | undefined {
    const value = this.get(field);
    if (value === undefined || Array.isArray(value)) return value;
    throw this.#wrong(field, 'an array', value);
  }

  /** An array of objects; empty when absent. */
  objects(field: string): JsonObject[] {
    return (this.optionalArray(field) ?? []).map((value) =>
      JsonObject.from(`${this.#place}: ${field}`, value),
    );
  }

  #missing(field: string): never {
    throw new ConvertError(`${this.#place} lacks ${field}`);
  }

  #wrong(field: string, expected: string, value: unknown): ConvertError {
    return new ConvertError(
      `${this.#place}: ${field} must be ${expected}, not ${JSON.stringify(value)?.slice(0, 80)}`,
    );
  }
}
