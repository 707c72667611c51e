import { HfModelError } from './hf-error.ts';
import { isObject, type JsonObject } from './json-file.ts';

/** Typed access to config.json. Every getter throws HfModelError naming the field. */
export interface HfConfig {
  readonly architecture: string;
  readonly json: JsonObject;
  /** A whole number of at least `minimum` (1 unless told). */
  integer(field: string, minimum?: number): number;
  /** The same, or undefined when it is absent or null. */
  optionalInteger(field: string, minimum?: number): number | undefined;
  number(field: string): number;
  optionalNumber(field: string): number | undefined;
  flag(field: string): boolean;
}

const FILE = 'config.json';

/** Reads a parsed config.json. Throws HfModelError. */
export function parseHfConfig(json: JsonObject): HfConfig {
  if (json.quantization_config !== undefined && json.quantization_config !== null) {
    throw new HfModelError(FILE, 'quantization_config is not supported; upload the unquantized (16 bit) model');
  }
  const [architecture] = Array.isArray(json.architectures) ? json.architectures : [];
  if (typeof architecture !== 'string') {
    throw new HfModelError(FILE, 'architectures must name the model class, such as ["LlamaForCausalLM"]');
  }
  const read = (field: string, isRight: (value: number) => boolean, rule: string): number | undefined => {
    const value = json[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && isRight(value)) return value;
    throw new HfModelError(FILE, `${field} must be ${rule}, not ${JSON.stringify(value)?.slice(0, 80)}`);
  };
  const require = (field: string, value: number | undefined): number => {
    if (value === undefined) throw new HfModelError(FILE, `${field} is missing`);
    return value;
  };
  const optionalInteger = (field: string, minimum = 1) =>
    read(
      field,
      (value) => Number.isSafeInteger(value) && value >= minimum && value < 2 ** 31,
      `a whole number of at least ${minimum}`,
    );
  const optionalNumber = (field: string) => read(field, Number.isFinite, 'a number');
  return {
    architecture,
    json,
    integer: (field, minimum) => require(field, optionalInteger(field, minimum)),
    optionalInteger,
    number: (field) => require(field, optionalNumber(field)),
    optionalNumber,
    flag: (field) => json[field] === true,
  };
}

/** Rotary embedding settings, which newer files keep in `rope_parameters`. */
export interface RopeSettings {
  readonly theta: number;
  /** default, linear, llama3, yarn, … */
  readonly kind: string;
  readonly json: JsonObject;
}

export function readRope(config: HfConfig): RopeSettings {
  const { json } = config;
  const parameters = isObject(json.rope_parameters) ? json.rope_parameters : {};
  const scaling = isObject(json.rope_scaling) ? json.rope_scaling : parameters;
  const kind = scaling.rope_type ?? scaling.type ?? 'default';
  const theta = config.optionalNumber('rope_theta') ?? parameters.rope_theta ?? 10_000;
  if (typeof theta !== 'number' || !(theta > 0)) throw new HfModelError(FILE, 'rope_theta must be above 0');
  return { theta, kind: String(kind), json: scaling };
}

/** A number of the rope settings. Throws HfModelError. */
export function ropeNumber(rope: RopeSettings, field: string): number {
  const value = rope.json[field];
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new HfModelError(FILE, `rope_scaling of type ${rope.kind} needs ${field}, a number above 0`);
}
