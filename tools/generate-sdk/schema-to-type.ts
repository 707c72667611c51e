/** JSON Schema, as far as the contract uses it, to TypeScript types in text. */
export interface JsonSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly format?: string;
}

/**
 * How optional fields read: a reply of the control plane has every field, unset messages and times being
 * null.
 */
export type TypeStyle = 'resource' | 'plain';

/** Collects the titled objects that a type mentions, so that each becomes one interface. */
export class TypeWriter {
  readonly interfaces = new Map<string, string>();
  readonly #style: TypeStyle;

  constructor(style: TypeStyle) {
    this.#style = style;
  }

  /** The type in text; titled objects are named and written to `interfaces`. */
  write(schema: JsonSchema): string {
    if (schema.const !== undefined) return quote(schema.const);
    if (schema.enum !== undefined) return union(schema.enum.map(quote));
    if (schema.anyOf !== undefined) return union(schema.anyOf.map((branch) => this.write(branch)));
    switch (schema.type) {
      case 'string':
        return 'string';
      case 'integer':
      case 'number':
        return 'number';
      case 'boolean':
        return 'boolean';
      case 'null':
        return 'null';
      case 'array': {
        const item = this.write(schema.items ?? {});
        return / \| |^readonly /.test(item) ? `readonly (${item})[]` : `readonly ${item}[]`;
      }
      case 'object':
        return this.#writeObject(schema);
      default:
        return 'unknown';
    }
  }

  #writeObject(schema: JsonSchema): string {
    if (schema.properties === undefined) {
      const [value] = Object.values(schema.patternProperties ?? {});
      const extra = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
      return `Readonly<Record<string, ${this.write(value ?? extra ?? {})}>>`;
    }
    const { title } = schema;
    if (Object.keys(schema.properties).length === 0) return 'Record<string, never>';
    if (title === undefined) return `{ ${this.#writeFields(schema).map(dropNote).join(' ')} }`;
    if (!this.interfaces.has(title)) {
      this.interfaces.set(title, '');
      const fields = this.#writeFields(schema).map((field) => field.replaceAll(/^/gm, '  '));
      const note = schema.description === undefined ? '' : `/** ${oneLine(schema.description)} */\n`;
      this.interfaces.set(title, `${note}export interface ${title} {\n${fields.join('\n')}\n}\n`);
    }
    return title;
  }

  #writeFields(schema: JsonSchema): string[] {
    const required = new Set(schema.required ?? []);
    return Object.entries(schema.properties ?? {}).map(([name, field]) => {
      const note = field.description === undefined ? '' : `/** ${oneLine(field.description)} */\n`;
      const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
      const type = this.write(field);
      if (this.#style === 'plain') {
        return `${note}readonly ${key}${required.has(name) ? '' : '?'}: ${type}${required.has(name) ? '' : ' | undefined'};`;
      }
      return `${note}readonly ${key}: ${type}${isNullWhenUnset(field) ? ' | null' : ''};`;
    });
  }
}

/** Messages, times and durations have no zero value: unset they are null. */
function isNullWhenUnset(field: JsonSchema): boolean {
  if (field.type === 'object') return field.properties !== undefined;
  return field.format === 'date-time' || field.format === 'google-duration';
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

function union(parts: readonly string[]): string {
  return [...new Set(parts)].join(' | ') || 'never';
}

function dropNote(field: string): string {
  return field.replace(/^\/\*\*.*\n/, '');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('*/', '* /');
}
